import { beforeEach, describe, expect, it } from 'vitest';
import { secretCheck, secretRemove, secretSet } from '../../../src/broker/offline/secret.ts';
import { Secret } from '../../../src/core/secret.ts';
import type { SecretSetRequest } from '../../../src/protocol/offline.ts';
import type { Keychain } from '../../../src/system/keychain.ts';

const reference = 'keychain:jit/x';
const id = 'AKIAIOSFODNN7EXAMPLE';
const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';

let items: Map<string, string>;
let keychain: Keychain;
beforeEach(() => {
  items = new Map();
  keychain = {
    get: async (service, account) => {
      const found = items.get(`${service}/${account}`);
      return found === undefined ? null : new Secret(found);
    },
    set: async (service, account, value) => void items.set(`${service}/${account}`, value.reveal()),
    delete: async (service, account) => items.delete(`${service}/${account}`),
  };
});

const set = (value: string, changes: Partial<SecretSetRequest> = {}) =>
  secretSet({ reference, value: new Secret(value), kind: 'text', profile: null, ...changes }, keychain);

describe('secrets in the keychain', () => {
  it('are written as they are, looked at without being told, and removed once', async () => {
    expect(await set('hunter2')).toEqual({ reference, accessKey: null });
    expect(items.get('jit/x')).toBe('hunter2');
    expect(await secretCheck(reference, keychain)).toEqual({ reference, accessKey: null });
    await secretRemove(reference, keychain);
    await expect(secretCheck(reference, keychain)).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
    await expect(secretRemove(reference, keychain)).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  });

  it('are access keys in the form that the broker reads, of which four characters are told', async () => {
    const input = `[prod]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`;
    const reply = { reference, accessKey: { ends: 'MPLE', temporary: false } };
    expect(await set(input, { kind: 'aws' })).toEqual(reply);
    expect(JSON.parse(items.get('jit/x') ?? '')).toEqual({ AccessKeyId: id, SecretAccessKey: secret });
    expect(await secretCheck(reference, keychain)).toEqual(reply);
  });

  it('are not half written: what cannot be one never reaches the keychain', async () => {
    await set('before');
    for (const [value, kind] of [
      ['', 'text'],
      ['a\0b', 'text'],
      ['hunter2', 'aws'],
    ] as const) {
      await expect(set(value, { kind })).rejects.toMatchObject({ code: 'ERR_USAGE' });
    }
    expect(items.get('jit/x')).toBe('before');
  });

  it('are not called stored by a keychain that keeps nothing', async () => {
    keychain = { ...keychain, set: async () => undefined };
    await expect(set('hunter2')).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  });
});
