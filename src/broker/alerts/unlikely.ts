// Events that no jit has written may hold anything: one of them keeps nothing else in the log from being looked at.

import type { EventBody } from '../../audit/event.ts';
import { toJitError } from '../../core/errors.ts';
import type { Logger } from '../../system/log-file.ts';

/** What `look` sees in the event; where it cannot be looked at, `nothing`. */
export function unlessUnlikely<T>(
  log: Logger,
  { origin, seq, type }: EventBody,
  nothing: T,
  look: () => T,
): T {
  try {
    return look();
  } catch (thrown) {
    log.error(`event ${origin}:${seq} (${type}) cannot be looked at: ${toJitError(thrown).message}`, thrown);
    return nothing;
  }
}
