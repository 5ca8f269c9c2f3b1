// A request to elevate, as the command line would send it: everything said, so that tests say only what matters.

import type { ElevateRequest } from '../../src/protocol/routes.ts';

/** Ten minutes of reading on the database of {@link configFor}, kept without a session; `changes` make it another. */
export function wish(changes: Partial<ElevateRequest> = {}): ElevateRequest {
  return {
    target: 'orders-db',
    role: 'read',
    scope: null,
    duration: 600_000,
    reason: 'a test',
    ticket: null,
    interactive: false,
    ci: false,
    parent: null,
    export: 'reference',
    keep: true,
    onEnd: null,
    session: null,
    channel: null,
    identity: null,
    run: null,
    ...changes,
  };
}
