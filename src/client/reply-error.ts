// From what the broker says went wrong to the error that the user is shown.

import { type ErrorCode, exitCodeOf, JitError } from '../core/errors.ts';

const otherVersion = 'stop the broker, the next command starts one of this version: jit broker stop';

/** The error in a reply `{"error": {code, message, hint}}`; a code that this version does not know is `ERR_INTERNAL`. */
export function errorOfReply(reply: unknown): JitError {
  const { code, message, hint } = fields(fields(reply)['error']);
  if (typeof code !== 'string' || typeof message !== 'string') {
    return protocolError("the broker's answer is not understood");
  }
  const known: ErrorCode = Object.hasOwn(exitCodeOf, code) ? (code as ErrorCode) : 'ERR_INTERNAL';
  const remedy = typeof hint === 'string' ? hint : known === 'ERR_PROTOCOL' ? otherVersion : undefined;
  return new JitError(known, message, remedy === undefined ? {} : { hint: remedy });
}

/** Client and broker do not understand each other, most often because one was updated. */
export function protocolError(why: string): JitError {
  return new JitError('ERR_PROTOCOL', `cannot talk to the broker: ${why}`, { hint: otherVersion });
}

/** The broker went away or keeps silent. */
export function unreachable(why: string, hint: string, cause?: unknown): JitError {
  return new JitError('ERR_BROKER_UNREACHABLE', `cannot talk to the broker: ${why}`, { hint, cause });
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
