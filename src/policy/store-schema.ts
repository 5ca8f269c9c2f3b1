// The `store` section of jit.yaml: the PostgreSQL that logs are synced to, and how far they may be ahead of it.

import * as v from 'valibot';
import { isLocal, sslModeOf, sslModes } from '../core/postgres-address.ts';
import { type StoreSettings, usualEndTimeout, usualUnsyncedLimits } from '../core/store-settings.ts';
import type { Milliseconds } from '../core/time.ts';

const usualTimeout = 5_000;

const described = <Schema extends v.GenericSchema>(schema: Schema, text: string) =>
  v.pipe(schema, v.description(text));
const identifier = v.pipe(
  v.string(),
  v.check(
    (text) => text !== '' && !text.includes('\0') && Buffer.byteLength(text) <= 63,
    'expected a PostgreSQL name of 1 to 63 bytes',
  ),
  v.metadata({ minLength: 1, maxLength: 63 }),
);
// Nothing that could carry a password: a URL pasted here would end up in messages.
const host = v.pipe(
  v.string(),
  v.regex(
    /^(?:\/[^\p{Cc}]{0,200}|[A-Za-z0-9._:%[\]-]{1,253})$/u,
    'expected a host name, an address, or /folder of a socket',
  ),
);
const whole = (least: number, most: number) =>
  v.pipe(
    v.number(),
    v.integer('expected a whole number'),
    v.minValue(least, `expected at least ${least}`),
    v.maxValue(most, `expected at most ${most}`),
  );

/** @param duration the schema of a duration, which answers milliseconds. @param secret that of a reference to a secret */
export function storeSchema(
  duration: v.GenericSchema<string, Milliseconds>,
  secret: v.GenericSchema<string, string>,
) {
  const login = { user: identifier, password: secret };
  return v.pipe(
    v.strictObject({
      host: described(host, 'host name, address, or the absolute folder of a Unix socket'),
      port: v.optional(described(whole(1, 65_535), 'port of the server'), 5432),
      database: described(identifier, 'the database that "jit store init" has set up'),
      user: v.exactOptional(described(identifier, 'the login of this broker, a member of jit_writer')),
      password: v.exactOptional(described(secret, 'where the password of that login is kept')),
      auditor: v.exactOptional(
        described(
          v.strictObject(login),
          'a login that is a member of jit_auditor: reads the logs of everybody',
        ),
      ),
      sslmode: v.exactOptional(
        described(v.picklist(sslModes), 'default: verify-full; disable for a Unix socket or this machine'),
      ),
      ssl_root_cert: v.exactOptional(
        described(
          v.pipe(v.string(), v.regex(/^[^\p{Cc}]{1,255}$/u, 'expected the path of a file')),
          'file with the certificates that the server is checked against',
        ),
      ),
      connect_timeout: v.exactOptional(
        described(duration, 'how long to wait for the server to accept a connection; default 5s'),
      ),
      end_timeout: v.exactOptional(
        described(duration, 'how long a broker that ends tries to send what is left; default 2s'),
      ),
      max_unsynced: v.exactOptional(
        described(
          v.strictObject({
            events: v.exactOptional(described(whole(1, 10_000_000), 'default 1000')),
            age: v.exactOptional(described(duration, 'of the oldest of them; default 24h')),
          }),
          'past either, nothing is issued until the store has acknowledged the log; revocation goes on',
        ),
      ),
    }),
    v.check(
      ({ user, password }) => (user === undefined) === (password === undefined),
      'expected user and password, or neither',
    ),
    v.check(
      ({ user, auditor }) => user !== undefined || auditor !== undefined,
      'expected user and password, or an auditor',
    ),
    v.check(
      ({ host, sslmode, ssl_root_cert }) =>
        ssl_root_cert === undefined || sslModeOf({ host, sslmode }).startsWith('verify-'),
      'expected sslmode verify-ca or verify-full where there is an ssl_root_cert',
    ),
    v.check(
      ({ host, sslmode }) => sslmode !== 'disable' || isLocal(host),
      'expected an sslmode other than disable: the log tells who may do what, and the server is another machine',
    ),
  );
}

/** What {@link storeSchema} answers. */
export type StoreValue = v.InferOutput<ReturnType<typeof storeSchema>>;

/** The settings that a `store` section states; null without one. */
export function storeSettingsOf(value: StoreValue | undefined): StoreSettings | null {
  if (value === undefined) return null;
  const { host, port, database, user, password, auditor } = value;
  return {
    address: {
      host,
      port,
      database,
      sslmode: sslModeOf(value),
      sslRootCert: value.ssl_root_cert ?? null,
      connectTimeout: value.connect_timeout ?? usualTimeout,
    },
    writer: user === undefined || password === undefined ? null : { user, password },
    auditor: auditor ?? null,
    endTimeout: value.end_timeout ?? usualEndTimeout,
    maxUnsynced: { ...usualUnsyncedLimits, ...value.max_unsynced },
  };
}
