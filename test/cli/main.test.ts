import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = path.join(import.meta.dirname, '../..');
const launcher = path.join(root, 'bin/jit.js');
let home = '';

beforeAll(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'main-'));
  mkdirSync(path.join(home, 'run'), { mode: 0o700 });
});

afterAll(() => rmSync(home, { recursive: true, force: true }));

function environment(): Record<string, string> {
  return { PATH: process.env.PATH ?? '', HOME: home, XDG_RUNTIME_DIR: path.join(home, 'run') };
}

function run(...argv: string[]) {
  return spawnSync(process.execPath, [launcher, ...argv], { env: environment(), encoding: 'utf8' });
}

describe('the jit command as it is installed', () => {
  it('tells the version of the package', () => {
    const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(run('--version')).toMatchObject({ status: 0, stdout: `jit ${version}\n`, stderr: '' });
  });

  it('ends with the exit code of the failure', () => {
    expect(run('--bogus')).toMatchObject({ status: 2, stdout: '' });
    expect(run('broker', 'status')).toMatchObject({ status: 7 });
  });

  it('finds its configuration in the environment and starts no broker without one', () => {
    const { status, stdout } = run();
    expect(status).toBe(0);
    expect(stdout).toContain(path.join(home, '.config/jit/jit.yaml'));
  });

  it('is silent when whoever reads its output has gone', async () => {
    const child = spawn(process.execPath, [launcher, 'help'], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect([code, stderr]).toEqual([0, '']);
  });

  it.each([['status'], ['audit', 'log']])(
    'closes the broker inside of it when whoever reads its output has gone: jit %s %s',
    async (...argv) => {
      const place = mkdtempSync(path.join(home, 'gone-'));
      mkdirSync(path.join(place, 'run'), { mode: 0o700 });
      const config = path.join(place, 'jit.yaml');
      writeFileSync(config, 'version: 1\ntargets: {}\nentitlements: []\n', { mode: 0o600 });
      const child = spawn(process.execPath, [launcher, ...argv.filter(Boolean)], {
        env: {
          ...environment(),
          ...{ HOME: place, XDG_RUNTIME_DIR: path.join(place, 'run') },
          ...{ JIT_CONFIG: config, JIT_BROKER: 'in-process' },
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child.stdout.destroy();
      let stderr = '';
      child.stderr.on('data', (data) => {
        stderr += data;
      });
      const code = await new Promise((resolve) => child.on('close', resolve));
      expect([code, stderr]).toEqual([0, '']);
      // It was there: its database is. It left no socket, and nothing that SQLite would have to recover.
      expect(readdirSync(path.join(place, '.local/state/jit'))).toContain('jit.db');
      expect(readdirSync(path.join(place, '.local/state/jit'))).not.toContain('jit.db-wal');
      expect(readdirSync(path.join(place, 'run/jit'))).not.toContain('broker.sock');
    },
  );

  it('loads neither prompts nor spinner nor the broker at the start', () => {
    const bundle = readFileSync(path.join(root, 'dist/jit.cjs'), 'utf8');
    expect(bundle).not.toMatch(/require\(["'](better-sqlite3|pg|yaml|koffi|@napi-rs\/keyring)["']\)/);
    for (const lazy of ['chunks/prompts.mjs', 'chunks/ora.mjs', 'broker-offline.mjs', 'demo.mjs']) {
      expect(bundle).toContain(`import("./${lazy}")`);
    }
  });
});
