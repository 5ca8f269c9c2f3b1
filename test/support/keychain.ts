// A keychain in memory, that can be locked.

import { JitError } from '../../src/core/errors.ts';
import type { Secret } from '../../src/core/secret.ts';
import type { Keychain } from '../../src/system/keychain.ts';

export interface MemoryKeychain extends Keychain {
  isLocked: boolean;
  readonly items: Map<string, Secret>;
}

export function createMemoryKeychain(): MemoryKeychain {
  const items = new Map<string, Secret>();
  const refuse = (): void => {
    if (keychain.isLocked)
      throw new JitError('ERR_SECRET_UNAVAILABLE', 'cannot read the keychain: it is locked');
  };
  const keychain: MemoryKeychain = {
    isLocked: false,
    items,
    async get(service, account) {
      refuse();
      return items.get(`${service}/${account}`) ?? null;
    },
    async set(service, account, secret) {
      refuse();
      items.set(`${service}/${account}`, secret);
    },
    async delete(service, account) {
      refuse();
      return items.delete(`${service}/${account}`);
    },
  };
  return keychain;
}
