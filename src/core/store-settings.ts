// What the configuration says of the shared store. Values only; secrets are references.

import type { SslMode } from './postgres-address.ts';
import type { Milliseconds } from './time.ts';

/** A login and where its password is kept. */
export interface StoreLogin {
  readonly user: string;
  /** A reference, never the password. */
  readonly password: string;
}

/** Where the database is. */
export interface StoreAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly sslmode: SslMode;
  /** File with the certificates that the server is checked against; null: those of the system. */
  readonly sslRootCert: string | null;
  readonly connectTimeout: Milliseconds;
}

/** How far the log may be ahead of the shared store before nothing is issued. */
export interface UnsyncedLimits {
  readonly events: number;
  readonly age: Milliseconds;
}

/** The `store` section of a configuration. */
export interface StoreSettings {
  readonly address: StoreAddress;
  /** Who the broker syncs as; null: it does not. */
  readonly writer: StoreLogin | null;
  /** Who reads everybody's logs; null: nobody here. */
  readonly auditor: StoreLogin | null;
  readonly maxUnsynced: UnsyncedLimits;
  /** How long a broker that ends tries to send what is left. */
  readonly endTimeout: Milliseconds;
}

/** Nobody likes to wait for a command that is done. */
export const usualEndTimeout: Milliseconds = 2_000;

/** A working day without the store, with room. */
export const usualUnsyncedLimits: UnsyncedLimits = { events: 1_000, age: 24 * 3_600_000 };
