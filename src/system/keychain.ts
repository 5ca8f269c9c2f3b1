// The keychain of the operating system, through @napi-rs/keyring, loaded when first asked. Broker only.
// On Linux the store is pinned to Secret Service: the library's default falls back to the kernel keyring
// without a word, and what is there is gone after a restart.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AsyncEntry } from '@napi-rs/keyring';
import { JitError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import type { Milliseconds } from '../core/time.ts';
import { probeService } from './bus-probe.ts';

/** Secrets by service and account. Every call throws JitError `ERR_SECRET_UNAVAILABLE` when the keychain does not answer. */
export interface Keychain {
  /** null: the keychain answered that it has no such item. */
  get(service: string, account: string): Promise<Secret | null>;
  set(service: string, account: string, secret: Secret): Promise<void>;
  /** False when there was nothing to delete. */
  delete(service: string, account: string): Promise<boolean>;
}

type Entry = Pick<AsyncEntry, 'getPassword' | 'setPassword' | 'deletePassword'>;

/** How entries are opened; tests bring a store of their own. */
export type OpenEntry = (service: string, account: string, signal: AbortSignal) => Entry | Promise<Entry>;

/**
 * The keychain of this user.
 * @param timeout longest wait for an answer: an unlock prompt that nobody sees must not hang the broker
 */
export function createKeychain(
  openEntry: OpenEntry = openSystemEntry,
  timeout: Milliseconds = 10_000,
): Keychain {
  async function use<T>(
    service: string,
    account: string,
    call: (entry: Entry, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const signal = AbortSignal.timeout(timeout);
    // The library looks at the signal only before it starts, so the wait is ended here as well.
    const { promise: timedOut, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(new Error('timeout'));
    signal.addEventListener('abort', onAbort);
    const asked = async (): Promise<T> => call(await openEntry(service, account, signal), signal);
    try {
      return await Promise.race([asked(), timedOut]);
    } catch (error) {
      throw unavailable(error, signal.aborted);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }
  return {
    async get(service, account) {
      const password = await use(service, account, (entry, signal) => entry.getPassword(signal));
      return password === null ? null : new Secret(password);
    },
    set: (service, account, secret) =>
      use(service, account, (entry, signal) => entry.setPassword(secret.reveal(), signal)),
    delete: (service, account) => use(service, account, (entry, signal) => entry.deletePassword(signal)),
  };
}

/** A keychain that is not asked again once it has failed, until `renew`: each attempt may take as long as its timeout. */
export interface TiredKeychain extends Keychain {
  renew(): void;
}

export function tiredKeychain(keychain: Keychain): TiredKeychain {
  let failure: { readonly thrown: unknown } | null = null;
  async function ask<T>(call: () => Promise<T>): Promise<T> {
    if (failure) throw failure.thrown;
    try {
      return await call();
    } catch (thrown) {
      failure = { thrown };
      throw thrown;
    }
  }
  return {
    renew() {
      failure = null;
    },
    get: (service, account) => ask(() => keychain.get(service, account)),
    set: (service, account, secret) => ask(() => keychain.set(service, account, secret)),
    delete: (service, account) => ask(() => keychain.delete(service, account)),
  };
}

async function openSystemEntry(service: string, account: string, signal: AbortSignal): Promise<AsyncEntry> {
  if (process.platform === 'linux') {
    const bus = busOf(process.env);
    // Where no message bus is, the library would say so after it had taken its 8 MB.
    if (bus === null) throw new Error('no DBus');
    // To open an entry is synchronous: nothing else would happen, no revocation either, while a bus or a service hangs.
    await probeService(bus, 'org.freedesktop.secrets', '/org/freedesktop/secrets', signal);
  }
  const { AsyncEntry } = createRequire(import.meta.url)(
    '@napi-rs/keyring',
  ) as typeof import('@napi-rs/keyring');
  return new AsyncEntry(service, account, { linux: { store: 'secret-service' } });
}

function busOf(env: NodeJS.ProcessEnv): string | null {
  const runtime = env['XDG_RUNTIME_DIR'];
  if (env['DBUS_SESSION_BUS_ADDRESS']) return env['DBUS_SESSION_BUS_ADDRESS'];
  return runtime && existsSync(`${runtime}/bus`) ? `unix:path=${runtime}/bus` : null;
}

/** Every error of the library has the same code, so its words have to tell them apart. */
function unavailable(error: unknown, isLate: boolean): JitError {
  const words = error instanceof Error ? error.message : '';
  const instead = 'keep the secret in a file of mode 600 and write "file:/path/to/it" in the config';
  if (isLate || /prompt was dismissed|locked/i.test(words)) {
    return new JitError('ERR_SECRET_UNAVAILABLE', 'cannot use the keychain: it is locked', {
      hint: `unlock it, or ${instead}`,
      cause: error,
    });
  }
  if (/DBus|D-Bus|org\.freedesktop|ServiceUnknown|NoStorageAccess|Couldn't access/i.test(words)) {
    return new JitError('ERR_SECRET_UNAVAILABLE', 'cannot use the keychain: no Secret Service answers here', {
      hint: instead,
      cause: error,
    });
  }
  return new JitError('ERR_SECRET_UNAVAILABLE', 'cannot use the keychain: it answered with an error', {
    hint: instead,
    cause: error,
  });
}
