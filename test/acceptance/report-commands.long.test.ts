// Each control of a report names a command that counts again: typed as it stands there, it prints what the report says.

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { usualYear, writeTeamYear } from '../../bench/team-year.ts';
import { withoutProgress } from '../support/progress.ts';

const bundle = path.join(import.meta.dirname, '../../dist/jit.cjs');

/** Types lines about a log of a month, in a folder with nothing else. */
function createTyping(): { folder: string; typed: (line: string) => string } {
  const folder = mkdtempSync(path.join(tmpdir(), 'jit-report-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'team', 'jit.db');
  writeTeamYear(file, { ...usualYear, grants: 150, people: 8, to: usualYear.from + 30 * 86_400_000 });
  const command = path.join(folder, 'jit');
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${bundle}" "$@"\n`);
  chmodSync(command, 0o755);
  const env = { PATH: `${folder}:${process.env.PATH}`, HOME: folder, LOG: file };
  return {
    folder,
    typed(line) {
      const { status, stdout, stderr } = spawnSync('sh', ['-c', line], {
        env,
        cwd: folder,
        encoding: 'utf8',
      });
      expect(withoutProgress(stderr)).toBe('');
      // grep says by its code that it counted nothing.
      expect([0, 1]).toContain(status);
      return stdout;
    },
  };
}

test('the commands of a report print what it says', () => {
  const { folder, typed } = createTyping();
  const period = '--from 2025-01-08T00:00:00Z --to 2025-01-20T00:00:00Z';
  typed(`jit audit report --file "$LOG" ${period} --output report.json`);
  typed(`jit audit report --file "$LOG" ${period} --output report.md`);
  const report = JSON.parse(readFileSync(path.join(folder, 'report.json'), 'utf8')) as {
    controls: { command: string; counted: number }[];
  };
  const commands = new Map(report.controls.map(({ command, counted }) => [command, counted]));
  expect(commands.size).toBeGreaterThan(6);
  for (const [command, counted] of commands) expect(Number(typed(command)), command).toBe(counted);

  const markdown = readFileSync(path.join(folder, 'report.md'), 'utf8');
  const again = /^jit audit report .* --format json \| sha256sum$/m.exec(markdown)?.[0] ?? 'false';
  const digest = /It prints:\n\n````\n([0-9a-f]{64})/.exec(markdown)?.[1];
  expect(typed(again).split(' ')[0]).toBe(digest);
  const verify = /^jit audit verify "\$LOG" --key .*$/m.exec(markdown)?.[0] ?? 'false';
  expect(typed(verify)).toContain('(given)');
  const prove = /^jit audit prove .*\njit audit verify-proof .*$/m.exec(markdown)?.[0] ?? 'false';
  expect(typed(prove.replace('\n', ' && '))).toContain('valid, event ');
}, 180_000);

test('those of a report that was held against a key and a head print what it says, too', () => {
  const { folder, typed } = createTyping();
  const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
  typed('jit audit report --file "$LOG" --output plain.json');
  const [log] = JSON.parse(read('plain.json')).verification.logs;
  writeFileSync(path.join(folder, 'kept head'), log.checkpoint);
  const given = `--key ${log.keys[0]} --head 'kept head'`;
  typed(`jit audit report --file "$LOG" ${given} --output report.json`);
  typed(`jit audit report --file "$LOG" ${given} --output report.md`);
  const markdown = read('report.md');
  const head = /^HEAD1=.*$/m.exec(markdown)?.[0] ?? 'false';
  const { controls } = JSON.parse(read('report.json')) as {
    controls: { command: string; counted: number }[];
  };
  const whole = controls.filter(({ command }) => command.includes('HEAD1'));
  expect(whole.map(({ counted }) => counted)).toContain(1);
  for (const { command, counted } of whole) expect(Number(typed(`${head}; ${command}`))).toBe(counted);
  const again = /^jit audit report .* --format json \| sha256sum$/m.exec(markdown)?.[0] ?? 'false';
  const digest = /It prints:\n\n````\n([0-9a-f]{64})/.exec(markdown)?.[1];
  expect(typed(`${head}; ${again}`).split(' ')[0]).toBe(digest);
  const verify = /^jit audit verify "\$LOG" --key .*$/m.exec(markdown)?.[0] ?? 'false';
  expect(typed(`${head}; ${verify}`)).toMatch(/\(given\)[\s\S]*leads to 1 head kept elsewhere/);
}, 180_000);
