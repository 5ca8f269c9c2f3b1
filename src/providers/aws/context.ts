// What every step of the provider is given, and what providers of one broker share: a lease is revoked by another
// provider object than the one that issued it.

import type { Milliseconds } from '../../core/time.ts';
import type { ProviderTools } from '../provider.ts';
import { type Clients, createClients } from './clients.ts';
import { createLines, type Lines } from './deny-lines.ts';
import { createFlights, type Flights } from './flights.ts';
import type { Access } from './handle.ts';
import type { Made } from './issue.ts';
import { createSessions, type Keys, type Session, type Sessions } from './sessions.ts';

/** One target, one call. */
export interface Context {
  readonly access: Access;
  readonly tools: ProviderTools;
  readonly clients: Clients;
  readonly shared: Shared;
  readonly signal: AbortSignal;
  /** False for work that nobody waits for: it must not make a question appear. */
  readonly mayAsk: boolean;
}

/** Shared by all providers of one broker. */
export interface Shared {
  readonly sessions: Sessions;
  readonly keys: Flights<Keys>;
  /** The last step of an issue: many calls for one lease are one. */
  readonly issues: Flights<Made>;
  readonly lines: Lines;
  /** Leases whose probe was denied before anything was: its answer proves nothing. */
  readonly inconclusive: Set<string>;
  /** When AWS first said that the keys are over, milliseconds since boot. */
  readonly expired: WeakMap<Session, Milliseconds>;
  readonly clients: Map<string, Clients>;
}

const all = new WeakMap<ProviderTools, Shared>();

function sharedOf(tools: ProviderTools): Shared {
  const known = all.get(tools);
  if (known) return known;
  const shared: Shared = {
    sessions: createSessions(),
    keys: createFlights(tools.clock),
    issues: createFlights(tools.clock),
    lines: createLines(),
    inconclusive: new Set(),
    expired: new WeakMap(),
    clients: new Map(),
  };
  all.set(tools, shared);
  return shared;
}

export function contextOf(access: Access, tools: ProviderTools, signal: AbortSignal): Context {
  const shared = sharedOf(tools);
  const key = JSON.stringify([access.region, access.sts_url, access.iam_url]);
  const clients = shared.clients.get(key) ?? createClients(access);
  shared.clients.set(key, clients);
  return { access, tools, clients, shared, signal, mayAsk: true };
}

/** The same for work that several callers wait for: it does not end when one of them gives up. */
export function detached(context: Context, limit: number): Context {
  return { ...context, signal: AbortSignal.timeout(limit) };
}
