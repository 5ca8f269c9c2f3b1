import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/broker/read-config.ts';
import { temporaryFolder } from '../fakes/folder.ts';

/** A configuration that names `x.cedar`, and what reading it throws. */
function refused(plant: (file: string) => void): Error & { hint?: string } {
  const folder = temporaryFolder();
  const config = path.join(folder, 'jit.yaml');
  writeFileSync(config, 'version: 1\ntargets: {}\nentitlements: []\npolicies: [x.cedar]\n', { mode: 0o600 });
  plant(path.join(folder, 'x.cedar'));
  try {
    readConfig(config, []);
  } catch (thrown) {
    return thrown as Error;
  }
  throw new Error('it was read');
}

test('a policy file that cannot be read is told in words', () => {
  expect(refused(() => undefined).message).toContain('"x.cedar" cannot be read: there is no such file');
});

test('a policy file that is not trusted is told with the reason', () => {
  const open = refused((file) => {
    writeFileSync(file, '');
    chmodSync(file, 0o666);
  });
  expect(open.message).toMatch(/"x\.cedar" cannot be read: .*: everybody may write it/);
});

test('a policy file that is no text is told without what it holds', () => {
  const { message } = refused((file) =>
    writeFileSync(file, Buffer.from('planted\xff', 'latin1'), { mode: 0o600 }),
  );
  expect(message).toMatch(/"x\.cedar" cannot be read$/m);
  expect(message).not.toContain('planted');
});
