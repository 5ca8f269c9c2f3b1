// How a child is told about its role: by files that libpq and its kin read. A secret only in a file, or when asked for.

import { Secret } from '../../core/secret.ts';
import type { HandOut } from '../provider.ts';
import type { PostgresHandle } from './handle.ts';

/** What the user may have set for servers of their own, and what would win over or add to ours. */
const unset = [
  'PGPASSWORD',
  'PGSERVICE',
  'PGHOSTADDR',
  'PGOPTIONS',
  'PGSSLCERT',
  'PGSSLKEY',
  'PGSSLROOTCERT',
  'PGREQUIRESSL',
  'PGREQUIREAUTH',
  'PGSSLNEGOTIATION',
  'PGTARGETSESSIONATTRS',
  'PGSYSCONFDIR',
  'DATABASE_URL',
];

/** Names of the `exports` below. */
export const exportKinds = ['url'] as const;

/**
 * PGSERVICE itself is not set: a service wins over PGDATABASE, so `PGDATABASE=other psql` would surprise; the
 * service, named as the target, is there for whoever asks for it (`psql service=prod-db`).
 */
export function handOut(handle: PostgresHandle, password: Secret, applicationName: string): HandOut {
  const rootCert = rootCertOf(handle);
  return {
    env: {
      PGHOST: handle.host,
      PGPORT: String(handle.port),
      PGUSER: handle.name,
      PGDATABASE: handle.database,
      PGSSLMODE: handle.sslmode,
      PGAPPNAME: applicationName,
      ...(rootCert === null ? {} : { PGSSLROOTCERT: rootCert }),
    },
    files: [
      {
        name: 'pg_service.conf',
        variable: 'PGSERVICEFILE',
        content: new Secret(serviceFile(handle)),
        tombstone: serviceFile(handle),
      },
      {
        name: 'pgpass',
        variable: 'PGPASSFILE',
        content: new Secret(passwordFile(handle, password)),
        // Without any password psql asks a person for one.
        tombstone: passwordFile(handle, new Secret('the-grant-has-ended')),
      },
    ],
    unset,
    exports: { url: { DATABASE_URL: new Secret(url(handle, password)) } },
  };
}

/** Node trusts public authorities by itself; `system` tells libpq (16 and later) to do the same. */
function rootCertOf(handle: PostgresHandle): string | null {
  return handle.ssl_root_cert ?? (handle.sslmode === 'verify-full' ? 'system' : null);
}

function serviceFile(handle: PostgresHandle): string {
  const rootCert = rootCertOf(handle);
  const lines = [
    `[${handle.target}]`,
    `host=${handle.host}`,
    `port=${handle.port}`,
    `user=${handle.name}`,
    `dbname=${handle.database}`,
    `sslmode=${handle.sslmode}`,
    ...(rootCert === null ? [] : [`sslrootcert=${rootCert}`]),
  ];
  return `${lines.join('\n')}\n`;
}

/** PostgreSQL 18 manual, section 32.16: five fields, backslash before a colon or backslash inside one. */
function passwordFile(handle: PostgresHandle, password: Secret): string {
  const line = (host: string): string =>
    [host, String(handle.port), '*', handle.name, password.reveal()]
      .map((field) => (field === '*' ? field : field.replace(/[\\:]/g, '\\$&')))
      .join(':');
  // libpq looks for `localhost` when the socket's folder is the one it was built with, and for the folder otherwise.
  const hosts = handle.host.startsWith('/') ? [handle.host, 'localhost'] : [handle.host];
  return `${hosts.map(line).join('\n')}\n`;
}

function url(handle: PostgresHandle, password: Secret): string {
  const host = handle.host.includes(':') ? `[${handle.host}]` : encodeURIComponent(handle.host);
  const query = new URLSearchParams({ sslmode: handle.sslmode });
  // Not `system`, which node-postgres would take for a file; libpq has it from PGSSLROOTCERT.
  if (handle.ssl_root_cert !== null) query.set('sslrootcert', handle.ssl_root_cert);
  const login = `${encodeURIComponent(handle.name)}:${encodeURIComponent(password.reveal())}`;
  // node-postgres decodes the path by decodeURI, which leaves what encodeURIComponent adds (%2F, %3A) as it is.
  const database = encodeURI(handle.database).replace(/[?#]/g, encodeURIComponent);
  return `postgres://${login}@${host}:${handle.port}/${database}?${query}`;
}
