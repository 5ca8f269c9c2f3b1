import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const bin = path.join(import.meta.dirname, '../../bin');

/** A copy of the launcher, in a package that has only the given files. */
function packageWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'jit-bin-'));
  cpSync(bin, path.join(folder, 'bin'), { recursive: true });
  // Says that this Node is an old one, whatever it is.
  const pretend =
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.18.0' } });";
  writeFileSync(path.join(folder, 'old.cjs'), pretend);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
    chmodSync(path.join(folder, name), 0o755);
  }
  return folder;
}

const bundled = 'node_modules/node/bin/node';

function launch(folder: string, { old }: { old: boolean }, ...args: string[]) {
  const preload = old ? ['--require', path.join(folder, 'old.cjs')] : [];
  return spawnSync(process.execPath, [...preload, path.join(folder, 'bin/jit.js'), ...args], {
    encoding: 'utf8',
  });
}

describe('bin/jit.js', () => {
  it('loads the bundle that lies beside it', () => {
    const folder = packageWith({ 'dist/jit.cjs': "process.stdout.write(process.argv.slice(2).join('|'))" });
    expect(launch(folder, { old: false }, 'status', '--json').stdout).toBe('status|--json');
  });

  it('says in one line how to build when there is no bundle', () => {
    const { status, stderr } = launch(packageWith({}), { old: false });
    expect(status).toBe(1);
    expect(stderr).toBe('jit: error: not built yet; run: npm run build\n');
  });

  it('does not call a bundle that lacks a dependency "not built"', () => {
    const folder = packageWith({ 'dist/jit.cjs': "require('not-installed')" });
    expect(launch(folder, { old: false }).stderr).toContain("Cannot find module 'not-installed'");
  });

  it('says in one line what an old Node lacks', () => {
    const { status, stderr } = launch(packageWith({ 'dist/jit.cjs': '' }), { old: true });
    expect(status).toBe(1);
    expect(stderr).toBe('jit: error: jit needs Node 22.19 or newer, this is 22.18.0\n');
  });

  it('runs itself on the Node that came along when its own is old, and passes on the exit code', () => {
    const folder = packageWith({ [bundled]: '#!/bin/sh\necho "$@"; exit 42\n' });
    const { status, stdout } = launch(folder, { old: true }, 'elevate', 'a b');
    expect(stdout).toBe(`${path.join(folder, 'bin/jit.js')} elevate a b\n`);
    expect(status).toBe(42);
  });

  it('forwards SIGTERM to the Node that came along, and ends by the same signal', async () => {
    const folder = packageWith({ [bundled]: '#!/bin/sh\necho ready; exec sleep 60\n' });
    const child = spawn(process.execPath, [
      '--require',
      path.join(folder, 'old.cjs'),
      path.join(folder, 'bin/jit.js'),
    ]);
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([null, 'SIGTERM']);
  });
});
