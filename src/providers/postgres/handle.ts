// The handle of a lease on PostgreSQL: the full recipe to revoke it, without any look into the configuration.

import { JitError } from '../../core/errors.ts';
import type { SslMode } from '../../core/postgres-address.ts';
import type { Instant } from '../../core/time.ts';

/** Where a server is and how the broker logs in. Holds a reference to the password, never the password. */
export type ServerAddress = {
  readonly target: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  readonly sslmode: SslMode;
  readonly ssl_root_cert: string | null;
  readonly connect_timeout_ms: number;
};

/** What revocation needs. A type and not an interface, so that it is JSON to the compiler. */
export type PostgresHandle = ServerAddress & {
  readonly lease: string;
  /** Name of the role: `jit_<lease>`. */
  readonly name: string;
  /** Null until issued: then the name alone has to do. */
  readonly oid: number | null;
  readonly quarantine: string;
  /** The group roles that were given: cleaning up may need their rights for a moment. */
  readonly groups: readonly string[];
  readonly deadline: Instant;
};

const shape = {
  target: 'string',
  host: 'string',
  port: 'number',
  database: 'string',
  user: 'string',
  password: 'string',
  sslmode: 'string',
  connect_timeout_ms: 'number',
  lease: 'string',
  name: 'string',
  quarantine: 'string',
  groups: 'object',
  deadline: 'number',
} as const satisfies Partial<Record<keyof PostgresHandle, string>>;

/** Checks a handle that was read back. @throws JitError `ERR_INTERNAL` when it is none. */
export function checkHandle(handle: PostgresHandle): PostgresHandle {
  for (const [key, type] of Object.entries(shape)) {
    if (typeof handle?.[key as keyof PostgresHandle] !== type) {
      throw new JitError('ERR_INTERNAL', `the recorded handle of a PostgreSQL lease has no usable "${key}"`);
    }
  }
  return handle;
}
