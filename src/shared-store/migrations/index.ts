// The migrations of the shared store, in order.

import { logsAndEvents } from './0001-logs-and-events.ts';
import { append } from './0002-append.ts';
import { partitions } from './0003-partitions.ts';
import { edges } from './0004-edges.ts';

/** Number n is the one at n - 1. */
export const migrations: readonly { readonly name: string; readonly sql: string }[] = [
  { name: 'logs-and-events', sql: logsAndEvents },
  { name: 'append', sql: append },
  { name: 'partitions', sql: partitions },
  { name: 'edges', sql: edges },
];
