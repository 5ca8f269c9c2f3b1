import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.join(import.meta.dirname, '../..');

test('programs of Debian are for systems with apt: elsewhere the reason is told, and nothing is tried', () => {
  const print = "import('./scripts/peers-debian.js').then((m) => console.log(m.noDebian()))";
  const { stdout } = spawnSync(process.execPath, ['-e', print], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: '/nonexistent' },
  });
  expect(stdout).toMatch(/^(there is no apt-get|this is no Linux)\n$/);
});
