// Each control of a report on a shared store names a command that counts again: typed as it stands there, it prints what the
// report says. And an export whose reader goes, or whose disk is full, forgets nothing.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { usualYear, writeTeamYear } from '../../bench/team-year.ts';
import { openStore } from '../../src/store/open.ts';
import { systemClock } from '../../src/system/clock.ts';
import { systemRandom } from '../../src/system/random.ts';
import { pushAll, startStore } from '../shared-store/support.ts';
import type { PostgresServer } from '../support/postgres.ts';
import { withoutProgress } from '../support/progress.ts';

const bundle = path.join(import.meta.dirname, '../../dist/jit.cjs');
let server: PostgresServer;
let folder: string;

async function push(origin: string, seed: number): Promise<void> {
  const file = path.join(folder, origin, 'jit.db');
  const year = { ...usualYear, grants: 80, people: 4, to: usualYear.from + 30 * 86_400_000 };
  writeTeamYear(file, { ...year, seed, origin });
  const store = openStore({ path: file, clock: systemClock, random: systemRandom });
  try {
    await pushAll(server, store);
  } finally {
    store.close();
  }
}

beforeAll(async () => {
  server = await startStore();
  folder = mkdtempSync(path.join(tmpdir(), 'jit-store-report-'));
  await push('jit.aaaaaaaa', 1);
  await push('jit.bbbbbbbb', 2);
  const command = path.join(folder, 'jit');
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${bundle}" "$@"\n`);
  chmodSync(command, 0o755);
  writeFileSync(
    path.join(folder, 'jit.yaml'),
    `version: 1
targets:
  box: { provider: command, issue: [/bin/true], revoke: [/bin/true], roles: { use: {} } }
entitlements:
  - { name: all, who: [everyone], roles: ["box:use"], max_duration: 1h }
store:
  host: ${JSON.stringify(server.host)}
  port: ${server.port}
  database: postgres
  auditor: { user: auditor, password: "env:AUDITOR" }
`,
    { mode: 0o600 },
  );
}, 120_000);
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

function typed(line: string) {
  const env = {
    ...{ PATH: `${folder}:${process.env.PATH}`, HOME: folder, AUDITOR: 'auditor' },
    ...{ JIT_CONFIG: path.join(folder, 'jit.yaml'), JIT_STATE_DIR: path.join(folder, 'state') },
  };
  return spawnSync('bash', ['-c', line], { env, cwd: folder, encoding: 'utf8' });
}

function printed(line: string): string {
  const { status, stdout, stderr } = typed(line);
  expect(withoutProgress(stderr)).toBe('');
  // grep says by its code that it counted nothing.
  expect([0, 1]).toContain(status);
  return stdout;
}

test('the commands of a report on a shared store print what it says', () => {
  const period = '--from 2025-01-08T00:00:00Z --to 2025-01-20T00:00:00Z';
  printed(`jit audit report --store ${period} --output report.json`);
  printed(`jit audit report --store ${period} --output report.md`);
  const report = JSON.parse(readFileSync(path.join(folder, 'report.json'), 'utf8')) as {
    controls: { command: string; counted: number }[];
  };
  const commands = new Map(report.controls.map(({ command, counted }) => [command, counted]));
  expect(commands.size).toBeGreaterThan(6);
  for (const [command, counted] of commands) expect(Number(printed(command)), command).toBe(counted);
  const markdown = readFileSync(path.join(folder, 'report.md'), 'utf8');
  const again = /^jit audit report .* --format json \| sha256sum$/m.exec(markdown)?.[0] ?? 'false';
  const digest = /It prints:\n\n````\n([0-9a-f]{64})/.exec(markdown)?.[1];
  expect(printed(again).split(' ')[0]).toBe(digest);
  expect(printed(/^jit audit verify --store.*$/m.exec(markdown)?.[0] ?? 'false')).toContain('valid');
  const prove = /^jit audit prove (\S+) .*\n(jit audit verify-proof .*)$/m.exec(markdown);
  const fromStore = prove?.[0] ?? 'false';
  const log = prove?.[1]?.split(':')[0];
  const onDevice = fromStore.replace(' --store', ` --file ${folder}/${log}/jit.db`);
  for (const way of [fromStore, onDevice]) {
    expect(printed(way.replace('\n', ' && '))).toContain('valid, event ');
  }
}, 180_000);

test('those of a report that was held against a key and a head print what it says, too', () => {
  const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
  printed('jit audit report --store --output plain.json');
  const [log] = JSON.parse(read('plain.json')).verification.logs;
  writeFileSync(path.join(folder, 'kept.head'), log.checkpoint);
  const given = `--key ${log.keys[0]} --head kept.head`;
  printed(`jit audit report --store ${given} --output known.json`);
  printed(`jit audit report --store ${given} --output known.md`);
  const markdown = read('known.md');
  const head = /^HEAD1=.*$/m.exec(markdown)?.[0] ?? 'false';
  const { controls } = JSON.parse(read('known.json')) as {
    controls: { command: string; counted: number }[];
  };
  const whole = controls.filter(({ command }) => command.includes('HEAD1'));
  expect(whole.map(({ counted }) => counted)).toContain(1);
  for (const { command, counted } of whole) expect(Number(printed(`${head}; ${command}`))).toBe(counted);
  const again = /^jit audit report .* --format json \| sha256sum$/m.exec(markdown)?.[0] ?? 'false';
  const digest = /It prints:\n\n````\n([0-9a-f]{64})/.exec(markdown)?.[1];
  expect(printed(`${head}; ${again}`).split(' ')[0]).toBe(digest);
  const verify = /^jit audit verify --store --key .*$/m.exec(markdown)?.[0] ?? 'false';
  expect(printed(`${head}; ${verify}`)).toMatch(/\(given\)[\s\S]*leads to 1 head kept elsewhere/);
}, 180_000);

test('a reader that goes is no failure, and the cursor names nothing that stdout has not taken', () => {
  const piped = typed(
    'jit audit export --store --cursor-file c1 | head -1; echo "$PIPESTATUS" >&2; test ! -e c1 || echo cursor >&2',
  );
  expect(piped.stdout.split('\n')).toHaveLength(2);
  expect(piped.stderr).toMatch(/^0\n/);
  const all = printed('jit audit export --store').split('\n').slice(0, -1);
  const rest = printed('jit audit export --store --cursor-file c1').split('\n').slice(0, -1);
  expect(all.slice(-rest.length)).toEqual(rest);
});

test('what is cut off in the middle of a line is taken back: the next export is appended to whole lines', () => {
  const line = 'jit audit export --store --cursor-file c4 >> out.jsonl';
  const cut = typed(`echo '{"before":1}' > out.jsonl; trap '' XFSZ; ulimit -f 50; ${line}`);
  expect(cut.status).toBe(1);
  expect(cut.stderr).toContain('EFBIG');
  expect(readFileSync(path.join(folder, 'out.jsonl'), 'utf8')).toMatch(/\n$/);
  printed(line);
  expect(readFileSync(path.join(folder, 'out.jsonl'), 'utf8')).toBe(
    `{"before":1}\n${printed('jit audit export --store')}`,
  );
});

test('a full disk is a failure, and the next export writes everything', () => {
  if (!existsSync('/dev/full')) return;
  for (const [source, cursor] of [
    ['--store', 'c2'],
    [`--file ${folder}/jit.aaaaaaaa/jit.db`, 'c3'],
  ]) {
    const full = typed(`jit audit export ${source} --cursor-file ${cursor} > /dev/full`);
    expect(full.status).toBe(1);
    expect(full.stderr).toContain('the disk is full');
    expect(existsSync(path.join(folder, cursor ?? ''))).toBe(false);
    expect(printed(`jit audit export ${source} --cursor-file ${cursor}`)).toBe(
      printed(`jit audit export ${source}`),
    );
  }
});
