// What to do when the shared store cannot be set up. Elsewhere its failures point to the section "store" of the
// configuration; here the flags of `jit store init` decide. Must not: connect to anything.

import { JitError } from '../../core/errors.ts';
import type { StoreInitRequest } from '../../protocol/store.ts';
import { quotedWord } from '../quoted-word.ts';

/** The same failure, with what the administrator who runs the command can do. */
export function withStoreAdvice(request: StoreInitRequest, thrown: unknown): unknown {
  if (!(thrown instanceof JitError)) return thrown;
  const { code, message, cause } = thrown;
  // Kept from the broker; this command takes it by itself.
  if (code === 'ERR_SECRET_UNAVAILABLE' && request.password === 'env:PGPASSWORD') {
    return new JitError(code, message, {
      hint: 'set PGPASSWORD; it is taken anyway, without --password',
      cause,
    });
  }
  if (cause === undefined) return thrown;
  const { host, port, user } = request;
  if (
    request.password === null &&
    cause instanceof Error &&
    /password must be a string/.test(cause.message)
  ) {
    const asked = `the server at ${host}:${port} asks for the password of "${user}"`;
    return new JitError('ERR_INPUT_NEEDED', asked, { hint: passwordHint, cause });
  }
  const hint =
    hintFor(request, (cause as { code?: unknown }).code) ??
    (code === 'ERR_TARGET_UNREACHABLE' ? 'check --host and --port' : null);
  return hint === null ? thrown : new JitError(code, message, { hint, cause });
}

const passwordHint = 'set PGPASSWORD, or say with --password where it is kept';

/** By SQLSTATE, or the error of the system. */
function hintFor({ host, port, user, database }: StoreInitRequest, code: unknown): string | null {
  switch (code) {
    case '3D000':
      return `createdb -h ${quotedWord(host)} -p ${port} -U ${quotedWord(user)} ${quotedWord(database)}`;
    case '28P01':
      return passwordHint;
    case '28000':
      return 'check --user and --sslmode, and pg_hba.conf of the server';
    case '42501':
      return 'name an administrator with --user, or let one run what jit store init --print prints';
    case 'ECONNREFUSED':
    case 'EHOSTUNREACH':
    case 'ENOENT':
    case 'ENOTFOUND':
    case 'ETIMEDOUT':
      return 'check --host and --port';
    default:
      return null;
  }
}
