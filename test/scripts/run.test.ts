import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.join(import.meta.dirname, '../..');

function node(args: string[], env: Record<string, string> = {}) {
  return spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', env: { ...process.env, ...env } });
}

describe('scripts/run.js', () => {
  it('answers an unknown task with one line that names the tasks', () => {
    const { status, stderr } = node(['scripts/run.js', 'constructor']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: usage: .*<build\|demo\|test\|.*\n$/);
  });

  it('knows a task for every script of package.json', async () => {
    const { default: manifest } = await import('../../package.json', { with: { type: 'json' } });
    const { stderr } = node(['scripts/run.js']);
    const tasks = Object.values(manifest.scripts).map((line) => line.replace('node scripts/run.js ', ''));
    for (const task of tasks) expect(stderr).toMatch(new RegExp(`[<|]${task}[|>]`));
  });

  it('sets up with a Node that npm does not delete meanwhile: "npm run" may have started our own', () => {
    const own = path.join(root, 'node_modules/vitest/package.json'); // any file that is there
    const print = "import('./scripts/setup.js').then((m) => console.log(m.lastingNode(process.argv[1])))";
    const elsewhere = mkdtempSync(path.join(tmpdir(), 'jit-node-'));
    const other = path.join(elsewhere, 'node');
    symlinkSync('/bin/sh', other);
    const PATH = `${path.join(root, 'node_modules/.bin')}:${path.join(root, 'node_modules/node/bin')}:${elsewhere}:/usr/bin:/bin`;
    const lasting = (execPath: string, env: Record<string, string>): string =>
      node(['-e', print, execPath], { PATH, ...env }).stdout.trim();
    try {
      expect(lasting('/usr/bin/node', { npm_node_execpath: other })).toBe('/usr/bin/node');
      expect(lasting(own, { npm_node_execpath: other, PATH: '' })).toBe(other);
      expect(lasting(own, { npm_node_execpath: own })).toBe(other);
      expect(lasting(own, { npm_node_execpath: '', PATH: '' })).toBe(own);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  it('keeps the registry but not the target of the npm that runs it from the npm that it runs', () => {
    const print =
      "import('./scripts/process.js').then((m) => console.log(JSON.stringify(m.npmEnvironment())))";
    const outer = {
      npm_config_registry: 'https://r.example/',
      npm_config_prefix: '/elsewhere',
      npm_config_omit: 'dev',
    };
    const env = JSON.parse(node(['-e', print], { ...outer, NODE_ENV: 'production' }).stdout) as object;
    expect(env).toMatchObject({
      npm_config_registry: 'https://r.example/',
      npm_config_ignore_scripts: 'true',
    });
    expect(Object.keys(env)).not.toContain('npm_config_prefix');
    expect(Object.keys(env)).not.toContain('npm_config_omit');
    expect(Object.keys(env)).not.toContain('NODE_ENV');
  });
});

it('what is generated from the source is what is checked in', () => {
  const { status, stderr } = node(['scripts/generate.ts', '--check']);
  expect(stderr).toBe('');
  expect(status).toBe(0);
});
