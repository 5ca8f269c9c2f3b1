import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { usualShellTerms } from '../../../src/core/shell-terms.ts';
import { createFakeClient, fakeGrant, fakePreview } from '../../fakes/client.ts';
import { jit } from '../harness.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'jit-env-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const secret = 'ghs_planted';
const handing = (env: Record<string, string>, secrets: string[] = [], unset: string[] = []) =>
  createFakeClient({
    elevate: async () => ({
      grant: fakeGrant({ keep: true }),
      env,
      unset,
      secrets,
      notes: [],
      shell: usualShellTerms,
    }),
  });
const exported = () =>
  handing({ GH_TOKEN: secret, GITHUB_TOKEN: secret, PLAIN: '5' }, ['GH_TOKEN', 'GITHUB_TOKEN'], ['GH_HOST']);
const file = (name: string, text = ''): string => {
  writeFileSync(path.join(folder, name), text);
  return path.join(folder, name);
};

describe('jit env', () => {
  it('keeps a grant by reference, and prints its variables for sh when nothing else is said', async () => {
    const ran = await jit(['env', 'prod-db:read', '--for', '30m']);
    expect(ran).toMatchObject({
      code: 0,
      stdout: [
        'unset PGPASSWORD;',
        "export PGHOST='db.example.com';",
        "export PGPASSFILE='/run/jit/grants/g7f3k2/pgpass';",
        '',
      ].join('\n'),
    });
    expect(ran.client.asked('elevate')).toMatchObject([{ export: 'reference', keep: true, session: null }]);
    expect(ran.stderr).toContain('"jit revoke g7f3k2" ends it');
  });

  it.each([
    ['fish', "set -e GH_HOST;\nset -gx GH_TOKEN 'ghs_planted';\n"],
    ['powershell', "Remove-Item Env:GH_HOST -ErrorAction Ignore\n$env:GH_TOKEN = 'ghs_planted'\n"],
    ['dotenv', 'GH_TOKEN=ghs_planted\n'],
    ['json', '{\n  "GH_TOKEN": "ghs_planted",\n'],
  ])('prints them for %s', async (format, start) => {
    const ran = await jit(['env', 'x', '--export', 'env', '--format', format], { client: exported() });
    expect(ran.code).toBe(0);
    expect(ran.stdout.startsWith(start)).toBe(true);
    expect(ran.client.asked('elevate')).toMatchObject([{ export: 'env' }]);
  });

  it('prints all that the broker answered with --json', async () => {
    const ran = await jit(['env', 'x', '--json'], { client: exported() });
    expect(JSON.parse(ran.stdout)).toMatchObject({
      ...{ grant: { id: 'g7f3k2' }, env: { GH_TOKEN: secret }, secrets: ['GH_TOKEN', 'GITHUB_TOKEN'] },
    });
    expect(ran.stderr).toBe('');
  });

  it.each([
    ['on a terminal', [], true, '--print'],
    ['with --json and a format', ['--json', '--format', 'sh'], false, '--format json'],
    ['with --json and a file', ['--json', '--file', 'x'], false, '--json'],
    ['with an output of another format', ['--output', 'token'], false, '--format github'],
    [
      'with an output that is exported too',
      ['--format', 'github', '--output', 't', '--export', 'env'],
      false,
      '--export',
    ],
    ['with github outside of GitHub Actions', ['--format', 'github'], false, 'GITHUB_ENV'],
    [
      'with an output outside of GitHub Actions',
      ['--format', 'github', '--output', 't'],
      false,
      'GITHUB_OUTPUT',
    ],
    ['with github and a file', ['--format', 'github', '--file', 'x'], false, '--file'],
    ['with gitlab and no file', ['--format', 'gitlab'], false, '--file'],
    ['with an unknown format', ['--format', 'csh'], false, '--format'],
  ] as const)('asks for nothing %s', async (_what, flags, tty, text) => {
    const ran = await jit(['env', 'prod-db:read', ...flags], { tty });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain(text);
    expect(ran.client.calls).toEqual([]);
  });

  it('asks for nothing when the file cannot be written, or the name of an output would break it', async () => {
    const missing = path.join(folder, 'none', 'x');
    for (const [flags, env] of [
      [['--format', 'dotenv', '--file', missing], {}],
      [['--format', 'dotenv', '--file', folder], {}],
      [['--format', 'github'], { GITHUB_ENV: missing }],
      [['--format', 'github', '--output', 'a=b'], { GITHUB_OUTPUT: file('output') }],
    ] as [string[], Record<string, string>][]) {
      const ran = await jit(['env', 'x', ...flags], { env });
      expect(ran.code).not.toBe(0);
      expect(ran.client.calls).toEqual([]);
    }
  });

  it('hints at the whole line, as it was typed, when something is missing', async () => {
    const client = createFakeClient({
      preview: async (wish) =>
        fakePreview({ outcome: wish.reason === null ? 'denied' : 'allowed', reasonRequired: true }),
    });
    const argv = ['env', 'prod-db:read', '--for', '10m', '--format', 'fish', '--export', 'url'];
    const ran = await jit(argv, { client });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('hint: jit env prod-db:read --reason');
    expect(ran.stderr).toContain('--for 10m --format fish --export url\n');
  });

  it('prints on a terminal when told to', async () => {
    const ran = await jit(['env', 'x', '--print'], { client: exported(), tty: true });
    expect(ran.stdout).toContain(secret);
  });

  it('numbers settings of git on from those that are there, for a shell, and as they are for another place', async () => {
    const git = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'a.b', GIT_CONFIG_VALUE_0: 'new' };
    const env = { GIT_CONFIG_COUNT: '2' };
    const here = await jit(['env', 'x'], { client: handing(git), env });
    expect(here.stdout).toContain("export GIT_CONFIG_COUNT='3';");
    expect(here.stdout).toContain("export GIT_CONFIG_VALUE_2='new';");
    const there = await jit(['env', 'x', '--format', 'dotenv'], { client: handing(git), env });
    expect(there.stdout).toContain('GIT_CONFIG_COUNT=1\n');
  });

  it('says what would win over it where a format removes nothing, by name alone', async () => {
    const client = () => handing({ A: 'b' }, [], ['AWS_PROFILE', 'NOT_SET']);
    const ran = await jit(['env', 'x', '--format', 'dotenv'], {
      client: client(),
      env: { AWS_PROFILE: 'mine' },
    });
    expect(ran.stderr).toContain('AWS_PROFILE');
    expect(ran.stderr).not.toMatch(/NOT_SET|mine/);
    const sh = await jit(['env', 'x'], { client: client(), env: { AWS_PROFILE: 'mine' } });
    expect(sh.stdout).toContain('unset AWS_PROFILE;\nunset NOT_SET;\n');
    expect(sh.stderr).not.toContain('AWS_PROFILE');
  });

  it('gives the grant back when a format cannot carry a value, and does not tell the value', async () => {
    const client = handing({ A: 'two\nlines' }, ['A']);
    const ran = await jit(['env', 'x', '--format', 'dotenv'], { client });
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain('cannot carry the value of "A"');
    expect(ran.stderr).not.toContain('two');
    expect(ran.client.asked('revoke')).toEqual([{ grant: 'g7f3k2', all: false, cause: 'session-ended' }]);
  });
});

describe('jit env --file', () => {
  it('writes for its owner alone, in place of what was there, and prints nothing', async () => {
    const target = file('access.env', 'old');
    chmodSync(target, 0o644);
    const argv = ['env', 'x', '--format', 'dotenv', '--file', target];
    const ran = await jit(argv, { client: exported(), tty: true });
    expect(ran).toMatchObject({ code: 0, stdout: '' });
    expect(readFileSync(target, 'utf8')).toContain(`GH_TOKEN=${secret}\n`);
    expect(statSync(target).mode & 0o777).toBe(0o600);
  });
});

describe('jit env --format gitlab', () => {
  it('writes a dotenv report, and says that nothing hides it', async () => {
    const target = path.join(folder, 'jit.env');
    const argv = ['env', 'x', '--format', 'gitlab', '--export', 'env', '--file', target];
    const ran = await jit(argv, { client: exported() });
    expect(ran).toMatchObject({ code: 0, stdout: '' });
    expect(readFileSync(target, 'utf8')).toBe(`GH_TOKEN=${secret}\nGITHUB_TOKEN=${secret}\nPLAIN=5\n`);
    expect(ran.stderr).toContain('artifact');
    expect(ran.stderr).not.toContain(secret);
  });

  it('leaves out what is of use on this machine only, and refuses to write nothing but that', async () => {
    const target = path.join(folder, 'jit.env');
    const git = {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'a',
      GIT_CONFIG_VALUE_0: '!a helper',
      GIT_ASKPASS: '',
    };
    const argv = ['env', 'x', '--format', 'gitlab', '--file', target];
    const none = await jit(argv, { client: handing(git) });
    expect(none.code).toBe(1);
    expect(none.stderr).toContain('--export env');
    expect(existsSync(target)).toBe(false);
    expect(none.client.asked('revoke')).toHaveLength(1);
    await jit(argv, { client: handing({ ...git, GH_TOKEN: secret }, ['GH_TOKEN']) });
    expect(readFileSync(target, 'utf8')).toBe(`GH_TOKEN=${secret}\n`);
  });

  it.each([
    ['a space', 'a b'],
    ['a line break', 'a\nb'],
    ['quotes', '"a"'],
    ['a variable', '$HOME'],
    ['more than a report may have', 'x'.repeat(6_000)],
  ])('refuses what GitLab would read as something else: %s', async (_what, value) => {
    const target = path.join(folder, 'jit.env');
    const client = handing({ A: value }, ['A']);
    const ran = await jit(['env', 'x', '--format', 'gitlab', '--file', target], { client });
    expect(ran.code).toBe(1);
    expect(existsSync(target)).toBe(false);
    expect(ran.client.asked('revoke')).toHaveLength(1);
  });
});

describe('jit env --format github', () => {
  /** As the runner reads the file: actions/runner FileCommandManager, `NAME<<END`, lines, `END`. */
  function read(target: string): Record<string, string> {
    const found: Record<string, string> = {};
    const lines = readFileSync(target, 'utf8').split('\n');
    while (lines.length > 1) {
      const [name = '', end = ''] = (lines.shift() ?? '').split('<<');
      const at = lines.indexOf(end);
      expect(at).toBeGreaterThan(-1);
      found[name] = lines
        .splice(0, at + 1)
        .slice(0, -1)
        .join('\n');
    }
    return found;
  }

  it('hides the secrets before it sets anything, and appends to what is there', async () => {
    const target = file('env', 'BEFORE=1\n');
    const argv = ['env', 'x', '--export', 'env', '--format', 'github'];
    const ran = await jit(argv, { client: exported(), env: { GITHUB_ENV: target } });
    expect(ran).toMatchObject({ code: 0, stdout: `::add-mask::${secret}\n` });
    expect(ran.stderr).not.toContain(secret);
    const text = readFileSync(target, 'utf8');
    expect(text.startsWith('BEFORE=1\n')).toBe(true);
    writeFileSync(target, text.slice('BEFORE=1\n'.length));
    expect(read(target)).toEqual({ GH_TOKEN: secret, GITHUB_TOKEN: secret, PLAIN: '5' });
  });

  it('lets no value end where it likes, or set another variable', async () => {
    const values = { A: 'one\nB<<x\nevil\nx', EMPTY: '', END: 'a\n', WIN: 'a\r\nb', P: '100%' };
    const target = file('env');
    const client = handing(values, Object.keys(values));
    const ran = await jit(['env', 'x', '--format', 'github'], { client, env: { GITHUB_ENV: target } });
    expect(read(target)).toEqual(values);
    expect(ran.stdout.split('\n')).toEqual(
      expect.arrayContaining(['::add-mask::one', '::add-mask::evil', '::add-mask::100%25']),
    );
    expect(ran.stdout).not.toMatch(/^(?!::add-mask::.)./m);
  });

  it('has another end each time, which nobody guesses', async () => {
    const target = file('env');
    const client = () => handing({ A: 'a', B: 'b' });
    for (const _round of [1, 2])
      await jit(['env', 'x', '--format', 'github'], { client: client(), env: { GITHUB_ENV: target } });
    const ends = [...readFileSync(target, 'utf8').matchAll(/<<(.*)/g)].map(([, end]) => end);
    expect(new Set(ends).size).toBe(4);
    for (const end of ends) expect(end).toMatch(/^jit_[0-9a-z]{26}$/);
  });

  it('hides the password of a URL by itself too', async () => {
    const client = handing({ DATABASE_URL: 'postgres://u:p%40ss@h/d' }, ['DATABASE_URL']);
    const ran = await jit(['env', 'x', '--format', 'github'], { client, env: { GITHUB_ENV: file('env') } });
    expect(ran.stdout).toContain('::add-mask::p@ss\n');
    expect(ran.stdout).toContain('::add-mask::p%2540ss\n');
  });

  it('makes the token an output of the step, and nothing else of it', async () => {
    const target = file('output');
    const client = handing({ JIT_TOKEN: secret, GIT_TERMINAL_PROMPT: '0' }, ['JIT_TOKEN']);
    const argv = ['env', 'x', '--format', 'github', '--output', 'token'];
    const ran = await jit(argv, { client, env: { GITHUB_OUTPUT: target } });
    expect(ran.client.asked('elevate')).toMatchObject([{ export: 'token' }]);
    expect(ran.stdout).toBe(`::add-mask::${secret}\n`);
    expect(read(target)).toEqual({ token: secret });
  });
});
