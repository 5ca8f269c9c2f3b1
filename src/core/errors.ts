// The one error class of jit, its closed set of codes, and the exit code of each.
// Owns: what can go wrong, by name. Must not: print, exit, or carry a secret.

/** The exit codes of the `jit` command, one table for code, help and tests. */
export const exitCodes = {
  0: 'ok',
  1: 'failed',
  2: 'usage: unknown flag or name, malformed value, invalid config',
  3: 'denied by policy or approver',
  4: 'login or unlock needed',
  5: 'approval pending or timed out',
  6: 'audit unavailable: nothing is issued without its audit event',
  7: 'broker unreachable',
  124: 'the grant ended while the command ran',
  125: 'jit failed before the command ran',
  126: 'command found but not executable',
  127: 'command not found',
} as const;

/** One of the numbers in {@link exitCodes}. */
export type ExitCode = keyof typeof exitCodes;

/** Exit code per error code. A new code without an exit code does not compile where it is raised. */
export const exitCodeOf = {
  ERR_USAGE: 2,
  ERR_CONFIG: 2,
  ERR_UNKNOWN_NAME: 2,
  ERR_DURATION: 2,
  ERR_INPUT_NEEDED: 2,
  ERR_POLICY_DENIED: 3,
  ERR_APPROVER_DENIED: 3,
  ERR_SECRET_UNAVAILABLE: 4,
  ERR_APPROVAL_PENDING: 5,
  ERR_APPROVAL_TIMEOUT: 5,
  ERR_AUDIT_UNAVAILABLE: 6,
  ERR_AUDIT_INVALID: 1,
  ERR_BROKER_UNREACHABLE: 7,
  ERR_BROKER_BUSY: 7,
  ERR_PROTOCOL: 7,
  ERR_TARGET_UNREACHABLE: 1,
  ERR_TARGET_REFUSED: 1,
  ERR_REVOKE_INCOMPLETE: 1,
  ERR_CHECK_FAILED: 1,
  ERR_CONFLICT: 1,
  ERR_UNSAFE_PATH: 1,
  ERR_CLOCK: 1,
  ERR_UNSUPPORTED: 1,
  ERR_INTERNAL: 1,
  ERR_GRANT_ENDED: 124,
  ERR_CHILD_SETUP: 125,
  ERR_CHILD_NOT_EXECUTABLE: 126,
  ERR_CHILD_NOT_FOUND: 127,
} as const satisfies Record<`ERR_${string}`, ExitCode>;

/** A stable code, the only part of an error that enters audit events. */
export type ErrorCode = keyof typeof exitCodeOf;

/** What an error carries beyond its code and message. */
export interface JitErrorOptions {
  /** The next command to run, or the thing to change; shown on a line of its own. */
  hint?: string;
  /** The error underneath; goes to the broker's own log only, never over the socket. */
  cause?: unknown;
}

// Known by this mark, not by its class: each bundle holds a copy of the class, and errors pass from one to another.
const mark = Symbol.for('jit.error');

/**
 * Every failure that a user can meet. `message` says what could not be done and why: lower case, no
 * full stop, values of the user in double quotes, never a secret.
 */
export class JitError extends Error {
  override readonly name = 'JitError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: JitErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }

  get [mark](): true {
    return true;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && mark in value;
  }
}

/** Narrows anything thrown to a {@link JitError}; what jit did not foresee becomes `ERR_INTERNAL`. */
export function toJitError(thrown: unknown): JitError {
  if (thrown instanceof JitError) return thrown;
  return new JitError('ERR_INTERNAL', 'unexpected failure; this is a bug in jit', { cause: thrown });
}

/** True when `thrown` is a {@link JitError} with one of `codes`. */
export function hasCode(thrown: unknown, ...codes: ErrorCode[]): thrown is JitError {
  return thrown instanceof JitError && codes.includes(thrown.code);
}
