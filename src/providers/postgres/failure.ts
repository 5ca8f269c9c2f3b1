// What the driver or the server threw, as one of jit's errors. Never tells a secret: of what the server says only
// its code and its one-line message are passed on, without detail, context or the statement.

import { JitError, toJitError } from '../../core/errors.ts';
import { isDown, isTlsFailure, plain, sqlStateOf } from '../../system/postgres-failure.ts';
import type { ServerAddress } from './handle.ts';

export { plain, sqlStateOf };

/** SQLSTATEs used here, PostgreSQL 18 manual, appendix A. */
export const sqlState = {
  adminShutdown: '57P01',
  cannotConnectNow: '57P03',
  concurrentUpdate: 'XX000',
  deadlock: '40P01',
  dependentObjects: '2BP01',
  duplicateObject: '42710',
  insufficientPrivilege: '42501',
  lockNotAvailable: '55P03',
  noSuchDatabase: '3D000',
  objectInUse: '55006',
  notInPrerequisiteState: '55000',
  serialization: '40001',
  tooManyConnections: '53300',
  undefinedObject: '42704',
} as const;

const hints: Readonly<Record<string, string>> = {
  '28P01': "the broker's login is missing or its password differs: jit doctor shows the SQL that sets it up",
  '28000':
    "the broker's login is missing, or pg_hba.conf keeps it out: jit doctor shows the SQL that sets it up",
  [sqlState.insufficientPrivilege]: 'jit doctor shows the SQL that an administrator has to run',
  [sqlState.undefinedObject]: 'jit doctor shows the SQL that an administrator has to run',
};

/** Any failure on the way to the server, or its answer no. What is a JitError already stays as it is. */
export function failureOf(thrown: unknown, address: ServerAddress): JitError {
  if (thrown instanceof JitError) return thrown;
  if (thrown instanceof TypeError || thrown instanceof RangeError) return toJitError(thrown);
  const where = `PostgreSQL of target "${address.target}"`;
  const state = sqlStateOf(thrown);
  const code = (thrown as { code?: unknown } | null)?.code;
  if (state === null) {
    if (isTlsFailure(thrown)) {
      return new JitError('ERR_TARGET_REFUSED', `${where}: no trusted encrypted connection`, {
        hint: "set ssl_root_cert to the certificate that signed the server's, or check sslmode",
        cause: thrown,
      });
    }
    const why =
      typeof code === 'string' && /^E[A-Z_]+$/.test(code) ? code : 'the connection was lost or timed out';
    return new JitError('ERR_TARGET_UNREACHABLE', `${where} cannot be reached: ${why}`, { cause: thrown });
  }
  const said = `${where} answered ${state}: ${plain((thrown as Error).message)}`;
  if (isDown(state)) return new JitError('ERR_TARGET_UNREACHABLE', said, { cause: thrown });
  const hint = hints[state];
  return new JitError('ERR_TARGET_REFUSED', said, { ...(hint === undefined ? {} : { hint }), cause: thrown });
}
