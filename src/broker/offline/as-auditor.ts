// Reading the shared store as its auditor, as the configuration names one.

import { JitError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import type { StoreAddress } from '../../core/store-settings.ts';
import { type StoreConnection, withStore } from '../../shared-store/connection.ts';
import { systemClock } from '../../system/clock.ts';
import { createKeychain } from '../../system/keychain.ts';
import { resolvePaths } from '../../system/paths.ts';
import { createSecretResolver } from '../../system/secret-reference.ts';
import { kinds } from '../providers.ts';
import { readConfig } from '../read-config.ts';

/** @throws JitError `ERR_CONFIG` where the configuration names no auditor, and those of the connection */
export async function asAuditor<T>(
  config: string | null,
  work: (connection: StoreConnection, address: StoreAddress) => Promise<T>,
): Promise<T> {
  const { configFile } = resolvePaths(process.env, { config });
  const { store } = readConfig(configFile, kinds);
  if (!store?.auditor) {
    throw new JitError('ERR_CONFIG', `the configuration "${configFile}" names no auditor of a shared store`, {
      hint: 'add store.auditor with user and password; jit store init says how to make the login',
    });
  }
  const { address, auditor } = store;
  const password = await secretOf(auditor.password);
  return connectAs(address, auditor.user, password, (connection) => work(connection, address));
}

/** The secret behind a reference. */
export function secretOf(reference: string): Promise<Secret> {
  return createSecretResolver({ env: process.env, keychain: createKeychain() })(reference);
}

/** A connection for a piece of work that nobody breaks off. */
export function connectAs<T>(
  address: StoreAddress,
  user: string,
  password: Secret | null,
  work: (connection: StoreConnection) => Promise<T>,
): Promise<T> {
  const { signal } = new AbortController();
  return withStore({ address, user, password, clock: systemClock, signal }, work);
}
