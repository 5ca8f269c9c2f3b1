// What the shared store or the way to it threw, as one of jit's errors. Owns the meaning of the store's own SQLSTATEs.

import { JitError, toJitError } from '../core/errors.ts';
import type { StoreAddress } from '../core/store-settings.ts';
import { isDown, isTlsFailure, plain, sqlStateOf } from '../system/postgres-failure.ts';

/** The log and the store contradict each other: it was set back, or somebody else writes in its name. */
export const contradictions: ReadonlySet<string> = new Set(['JT410', 'JT411']);

const hints: Readonly<Record<string, string>> = {
  '28P01':
    'check user and password of the section "store" in the configuration, or of its auditor; jit doctor',
  '28000': 'check the login of the section "store" in the configuration, and pg_hba.conf of the server',
  '3D000': 'jit store init',
  '3F000': 'jit store init',
  '42883': 'jit store init',
  '42P01': 'jit store init',
  '42501': 'an administrator grants the role: GRANT jit_writer TO "the login"; jit store init says how',
  '55P03': 'end what holds the lock: SELECT pg_terminate_backend(pid)',
  JT403: 'every broker needs a name of its own; an administrator can see it in jit.logs',
};

const ways: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOENT: 'there is no such socket',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no network',
  ETIMEDOUT: 'no answer in time',
  ECONNRESET: 'the connection was cut',
};

const away = 'check host and port of the section "store" in the configuration, and the server; jit doctor';

/** The store has heard what was asked and said no, for as long as nothing changes: asking others of it makes sense. */
export function isRefusal(thrown: unknown): boolean {
  const state = sqlStateOf(thrown);
  if (state !== null) return !isDown(state);
  return thrown instanceof JitError && thrown.code === 'ERR_TARGET_REFUSED';
}

/** Any failure on the way to the store, or its answer no. What is a JitError already stays as it is. */
export function failureOf(thrown: unknown, { host, port }: StoreAddress): JitError {
  if (thrown instanceof JitError) return thrown;
  if (thrown instanceof TypeError || thrown instanceof RangeError) return toJitError(thrown);
  const where = `the shared store at ${host.includes(':') ? `[${host}]` : host}:${port}`;
  const state = sqlStateOf(thrown);
  if (state === null) {
    if (isTlsFailure(thrown)) {
      return new JitError('ERR_TARGET_REFUSED', `${where}: no trusted encrypted connection`, {
        hint: 'set ssl_root_cert of the section "store", or check its sslmode',
        cause: thrown,
      });
    }
    const code = (thrown as { code?: unknown } | null)?.code;
    const name = typeof code === 'string' && /^E[A-Z_]+$/.test(code) ? code : null;
    const way =
      ways[name ?? ''] ?? (name === null ? 'the connection was lost or timed out' : 'the system said no');
    const why = name === null ? way : `${way} (${name})`;
    return new JitError('ERR_TARGET_UNREACHABLE', `${where} cannot be reached: ${why}`, {
      hint: away,
      cause: thrown,
    });
  }
  const said = plain((thrown as Error).message);
  if (contradictions.has(state)) {
    return new JitError('ERR_AUDIT_INVALID', `${where} has another log than this one: ${said}`, {
      hint: 'jit audit fork --reason "…"',
      cause: thrown,
    });
  }
  const hint = hints[state];
  return new JitError(
    isDown(state) ? 'ERR_TARGET_UNREACHABLE' : 'ERR_TARGET_REFUSED',
    `${where} answered ${state}: ${said}`,
    { ...(hint === undefined ? {} : { hint }), cause: thrown },
  );
}
