import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createSeedSafe, type SeedPlace } from '../../src/system/seed-safe.ts';
import { temporaryFolder } from '../fakes/folder.ts';
import { createMemoryKeychain } from '../support/keychain.ts';

const one = { owner: 'jit.aaaaaaaa', seed: Buffer.alloc(32, 1) };
const two = { owner: 'jit.aaaaaaaa/2', seed: Buffer.alloc(32, 2) };

function safe() {
  const keychain = createMemoryKeychain();
  const file = path.join(temporaryFolder(), 'device.key');
  return { keychain, file, safe: createSeedSafe({ keychain, service: 'jit', account: 'sign-x', file }) };
}

test.each(['keychain', 'file'] as const)('keeps several seeds in the %s at once, or none', async (place) => {
  const { safe: kept, keychain, file } = safe();
  const other: SeedPlace = place === 'file' ? 'keychain' : 'file';
  expect(await kept.read(place)).toEqual([]);
  await kept.write(place, [one, two]);
  expect(await kept.read(place)).toEqual([one, two]);
  expect(await kept.read(other)).toEqual([]);
  if (place === 'file') expect(statSync(file).mode & 0o777).toBe(0o600);
  await kept.write(place, [two]);
  expect(await kept.read(place)).toEqual([two]);
  await kept.write(place, []);
  expect(keychain.items.size).toBe(0);
  expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
});

test('does not read a file that others can read, nor take a keychain at its word', async () => {
  const { safe: kept, keychain, file } = safe();
  await kept.write('file', [one]);
  expect(readFileSync(file, 'utf8')).toMatch(/^jit\.aaaaaaaa \S{44}\n$/);
  chmodSync(file, 0o644);
  await expect(kept.read('file')).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  keychain.set = async () => undefined;
  await expect(kept.write('keychain', [one])).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  keychain.isLocked = true;
  await expect(kept.read('keychain')).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
});

test('passes over lines that are none of its own', async () => {
  const { safe: kept, file } = safe();
  writeFileSync(file, `\n# a comment\n${one.owner} ${one.seed.toString('base64')}\n`, { mode: 0o600 });
  expect((await kept.read('file')).filter(({ seed }) => seed.length === 32)).toEqual([one]);
});

test('tells in words why the file cannot be written or read', async () => {
  const { safe: kept, file } = safe();
  mkdirSync(file);
  await expect(kept.write('file', [one])).rejects.toMatchObject({
    code: 'ERR_SECRET_UNAVAILABLE',
    message: `cannot keep a key in the file "${file}": it is a folder`,
  });
  const within = path.join(temporaryFolder(), 'file');
  writeFileSync(within, '');
  const below = createSeedSafe({
    keychain: createMemoryKeychain(),
    service: 'jit',
    account: 'sign-x',
    file: path.join(within, 'device.key'),
  });
  await expect(below.read('file')).rejects.toMatchObject({
    message: `the file "${within}/device.key" cannot be read: its folder is no folder`,
  });
});
