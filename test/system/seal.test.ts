import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { systemRandom } from '../../src/system/random.ts';
import { createSealer, type Sealer } from '../../src/system/seal.ts';
import { createMemoryKeychain, type MemoryKeychain } from '../support/keychain.ts';

let folder: string;
let file: string;
let keychain: MemoryKeychain;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'jit-seal-'));
  file = path.join(folder, 'seal.key');
  keychain = createMemoryKeychain();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sealer = (origin = 'jit.a'): Sealer => createSealer({ keychain, origin, file, random: systemRandom });
const secret = new Secret('ghs_planted-token');
const unavailable = expect.objectContaining({ code: 'ERR_SECRET_UNAVAILABLE' });

describe('a sealed secret', () => {
  it('opens again, also after a restart, for what it was sealed for', async () => {
    const sealed = await sealer().seal(secret, 'l1');
    expect(sealed).not.toContain('planted');
    expect((await sealer().unseal(sealed, 'l1')).reveal()).toBe('ghs_planted-token');
  });

  it('opens for nothing else', async () => {
    const sealed = await sealer().seal(secret, 'l1');
    await expect(sealer().unseal(sealed, 'l2')).rejects.toEqual(unavailable);
  });

  it('does not open after any one of its bytes was changed', async () => {
    const one = sealer();
    const sealed = await one.seal(secret, 'l1');
    const [form, id, text = ''] = sealed.split('.');
    const bytes = Buffer.from(text, 'base64url');
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      const other = `${form}.${id}.${changed.toString('base64url')}`;
      await expect(one.unseal(other, 'l1')).rejects.toEqual(unavailable);
    }
  });

  it.each(['', 'jit1.k.', 'jit1.kabc.AAAA', 'ghs_planted-token', 'jit2.k0.AAAA'])(
    'is not "%s"',
    async (text) => {
      const thrown = await sealer()
        .unseal(text, 'l1')
        .catch((error: unknown) => error);
      expect(thrown).toEqual(unavailable);
      expect(String(thrown)).not.toContain('planted');
    },
  );

  it('looks different each time', async () => {
    const one = sealer();
    expect(await one.seal(secret, 'l1')).not.toBe(await one.seal(secret, 'l1'));
  });

  it('is opened by no other broker’s key', async () => {
    const sealed = await sealer('jit.a').seal(secret, 'l1');
    await sealer('jit.b').ready();
    await expect(sealer('jit.b').unseal(sealed, 'l1')).rejects.toEqual(unavailable);
  });
});

describe('the key', () => {
  it('is made once and lies in the keychain', async () => {
    expect(await sealer().ready()).toBe('keychain');
    const [first] = keychain.items.values();
    expect(await sealer().ready()).toBe('keychain');
    expect([...keychain.items]).toEqual([['jit/seal-jit.a', first]]);
    expect(Buffer.from(first?.reveal() ?? '', 'base64')).toHaveLength(32);
    expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('lies in a private file where no keychain answers, and serves after a restart', async () => {
    keychain.isLocked = true;
    const sealed = await sealer().seal(secret, 'l1');
    expect(await sealer().ready()).toBe('file');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await sealer().unseal(sealed, 'l1')).reveal()).toBe('ghs_planted-token');
  });

  it('of the file still opens what it sealed when the keychain answers again', async () => {
    keychain.isLocked = true;
    const sealed = await sealer().seal(secret, 'l1');
    keychain.isLocked = false;
    const next = sealer();
    expect(await next.ready()).toBe('keychain');
    expect((await next.unseal(sealed, 'l1')).reveal()).toBe('ghs_planted-token');
  });

  it('that is locked away leaves the secret sealed, until it is unlocked', async () => {
    const sealed = await sealer().seal(secret, 'l1');
    keychain.isLocked = true;
    const next = sealer();
    await expect(next.unseal(sealed, 'l1')).rejects.toEqual(unavailable);
    keychain.isLocked = false;
    expect((await next.unseal(sealed, 'l1')).reveal()).toBe('ghs_planted-token');
  });

  it('is not taken from a file that others may read, nor from one that holds none', async () => {
    keychain.isLocked = true;
    writeFileSync(file, 'c2hvcnQ=', { mode: 0o600 });
    await expect(sealer().ready()).rejects.toEqual(unavailable);
    writeFileSync(file, Buffer.alloc(32).toString('base64'), { mode: 0o600 });
    const { chmodSync } = await import('node:fs');
    chmodSync(file, 0o644);
    await expect(sealer().ready()).rejects.toThrow('others may read');
  });

  it('that can be kept nowhere is an error that says so, before there is anything to seal', async () => {
    keychain.isLocked = true;
    const nowhere = path.join(folder, 'missing', 'seal.key');
    const one = createSealer({ keychain, origin: 'jit.a', file: nowhere, random: systemRandom });
    await expect(one.ready()).rejects.toEqual(unavailable);
    await expect(one.ready()).rejects.toThrow('cannot be made: the folder does not exist');
    keychain.isLocked = false;
    expect(await one.ready()).toBe('keychain');
  });

  it('is asked for once by many at once', async () => {
    const one = sealer();
    const texts = await Promise.all(Array.from({ length: 20 }, () => one.seal(secret, 'l1')));
    expect(new Set(texts.map((text) => text.split('.')[1])).size).toBe(1);
    expect(keychain.items.size).toBe(1);
  });
});
