// The handle of a lease of programs: the full recipe to revoke it, without any look into the configuration.

import { JitError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type { Instant, Milliseconds } from '../../core/time.ts';

/** The programs of a target. Holds references to secrets, never a secret. */
export type Access = {
  readonly target: string;
  readonly issue: readonly string[];
  readonly revoke: readonly string[];
  readonly confirm: readonly string[] | null;
  readonly list: readonly string[] | null;
  readonly timeout_ms: Milliseconds;
  readonly env: Readonly<Record<string, string>>;
};

/** What revocation needs. A type and not an interface, so that it is JSON to the compiler. */
export type CommandHandle = {
  readonly access: Access;
  readonly name: string;
  /** `with:` of target, role and scope together. */
  readonly options: Readonly<Record<string, Json>>;
  readonly deadline: Instant;
  /** No credential that is handed out ends later by the target's clock; null: the target ends none by itself. */
  readonly ends_by: Instant | null;
  /** Null until issued. */
  readonly expires_at: Instant | null;
  /** What the issue program returned for revoking, besides the name. */
  readonly told: Json;
};

const shape = {
  access: 'object',
  name: 'string',
  options: 'object',
  deadline: 'number',
} as const satisfies Partial<Record<keyof CommandHandle, string>>;

/** Checks a handle that was read back. @throws JitError `ERR_INTERNAL` when it is none. */
export function checkHandle(handle: CommandHandle): CommandHandle {
  for (const [key, type] of Object.entries(shape)) {
    if (typeof handle?.[key as keyof CommandHandle] !== type) {
      throw new JitError('ERR_INTERNAL', `the recorded handle of a lease of programs has no usable "${key}"`);
    }
  }
  if (!Array.isArray(handle.access.revoke)) {
    throw new JitError('ERR_INTERNAL', 'the recorded handle of a lease of programs names none to revoke it');
  }
  return handle;
}
