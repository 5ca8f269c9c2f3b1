// How many connections the broker holds to one server at a time, so that a rush of requests cannot use up the
// server's own limit. Revocation has places of its own: a rush of issues never delays it.

import { JitError } from '../../core/errors.ts';

const places = 8;

/** Which queue a connection waits in. */
export type Lane = 'issue' | 'revoke';

interface Gate {
  free: number;
  readonly waiting: (() => void)[];
}

// Shared by all providers of the process: two targets may name the same server.
const gates = new Map<string, Gate>();

/**
 * Waits for a place and answers the function that gives it back (once).
 * @throws JitError `ERR_TARGET_UNREACHABLE` when `signal` aborts first.
 */
export async function enter(server: string, lane: Lane, signal: AbortSignal): Promise<() => void> {
  const key = `${lane} ${server}`;
  const gate = gates.get(key) ?? { free: places, waiting: [] };
  gates.set(key, gate);
  if (gate.free > 0) gate.free -= 1;
  else await turn(gate, signal);
  let isHeld = true;
  return () => {
    if (!isHeld) return;
    isHeld = false;
    const next = gate.waiting.shift();
    if (next) next();
    else gate.free += 1;
  };
}

function turn(gate: Gate, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const go = (): void => {
      signal.removeEventListener('abort', give);
      resolve();
    };
    const give = (): void => {
      gate.waiting.splice(gate.waiting.indexOf(go), 1);
      reject(new JitError('ERR_TARGET_UNREACHABLE', 'gave up waiting for a connection to the server'));
    };
    gate.waiting.push(go);
    signal.addEventListener('abort', give, { once: true });
    if (signal.aborted) give();
  });
}
