// Whatever a value holds, the real readers of each format get the very same.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dotenv, gitlab, json } from '../../../src/cli/env/files.ts';
import { fish, powershell, sh } from '../../../src/cli/env/shells.ts';
import { checkVariables, type Form } from '../../../src/cli/env/variables.ts';
import { quotePowershell } from '../../../src/shell/quote.ts';
import { missing } from '../../support/tmux.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'jit-round-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const odd = [
  "'",
  '"',
  '`',
  '$',
  '$(id)',
  '\\',
  "\\'",
  '%',
  '%0A',
  '\n',
  '\r',
  '\t',
  ' ',
  '#',
  ';',
  '&',
  '|',
  '*',
  '~',
  '!',
  '{a,b}',
  '‘',
  '’',
  'ü',
  '🦊',
  '=',
  "''",
  '\u0001',
  '-',
];
const value = fc
  .array(fc.oneof(fc.constantFrom(...odd), fc.string({ unit: 'binary', maxLength: 6 })), { maxLength: 12 })
  .map((parts) => parts.join('').replaceAll('\0', ''));
const values = fc.array(value, { minLength: 1, maxLength: 40 });

const named = (all: readonly string[]): Record<string, string> =>
  Object.fromEntries(all.map((one, index) => [`V_${index}`, one]));
const outer = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', LANG: 'C.UTF-8', GONE: 'x' };

/** What a shell's child has in its environment after the shell ran `script`, which finds the text in `$TEXT`. */
function childOf(shell: readonly string[], script: string, form: Form, set: Record<string, string>) {
  const file = path.join(folder, 'text');
  writeFileSync(file, form.text({ set, unset: ['GONE', 'NEVER_THERE'] }));
  const [program = '', ...flags] = shell;
  const answer = path.join(folder, 'answer');
  const last = `"${process.execPath}" -e 'require("fs").writeFileSync(process.argv[1], JSON.stringify(process.env))' ${answer}`;
  execFileSync(program, [...flags, `${script}\n${last}`], { env: { ...outer, TEXT: file }, cwd: folder });
  const env = JSON.parse(execFileSync('cat', [answer], { encoding: 'utf8' })) as Record<string, string>;
  expect(env).not.toHaveProperty('GONE');
  return Object.fromEntries(Object.keys(set).map((name) => [name, env[name]]));
}

const shells: [name: string, shell: string[], script: string, form: Form][] = [
  ['sh', ['sh', '-euc'], 'eval "$(cat "$TEXT")"', sh],
  ['dash', ['dash', '-euc'], 'eval "$(cat "$TEXT")"', sh],
  ['bash', ['bash', '--norc', '-euc'], 'eval "$(cat "$TEXT")"', sh],
  ['zsh', ['zsh', '-f', '-euc'], 'eval "$(cat "$TEXT")"', sh],
  ['zsh that sources it', ['zsh', '-f', '-euc'], '. "$TEXT"', sh],
  ['fish', ['fish', '--no-config', '-c'], 'cat $TEXT | source', fish],
];

describe.each(shells)('%s', (_name, shell, script, form) => {
  it('has every value as it was, and nothing that was to be removed', ({ skip }) => {
    const absent = missing(shell[0] ?? '');
    skip(absent !== null, absent ?? '');
    fc.assert(
      fc.property(values, (all) => {
        expect(childOf(shell, script, form, named(all))).toEqual(named(all));
      }),
      { numRuns: 25 },
    );
  });
});

it('sh has plain values even where the quotes around the substitution were forgotten', () => {
  const set = { A: 'ghs_x', B: 'a=b', C: '' };
  expect(childOf(['sh', '-c'], 'eval $(cat "$TEXT")', sh, set)).toEqual(set);
});

describe('dotenv', () => {
  const text = (all: readonly string[]): string => dotenv.text({ set: named(all), unset: [] });
  const carried = value.filter((one) => {
    try {
      text([one]);
      return true;
    } catch {
      return false;
    }
  });

  it('is read alike by Node and by sh, for all that it carries', () => {
    fc.assert(
      fc.property(fc.array(carried, { minLength: 1, maxLength: 20 }), (all) => {
        expect({ ...parseEnv(text(all)) }).toEqual(named(all));
        const set = named(all);
        expect(
          childOf(['sh', '-euc'], 'unset GONE; set -a; . "$TEXT"', { ...dotenv, text: dotenv.text }, set),
        ).toEqual(set);
      }),
      { numRuns: 40 },
    );
  });

  it('carries spaces, double quotes, backticks and hashes, and refuses what readers differ in', () => {
    for (const one of ['a b', '"', '`id`', 'a #b', '🦊', ' a ', ''])
      expect(parseEnv(text([one]))).toEqual({ V_0: one });
    for (const one of ["it's", '$HOME', 'a\\nb', 'a\nb', '\r', '\u0000', '\u2028']) {
      expect(() => text([one])).toThrow(expect.objectContaining({ code: 'ERR_UNSUPPORTED' }));
    }
  });
});

it('gitlab has every value as it is after the first "=", on one line', () => {
  const carried = fc.stringMatching(/^[\w./:@%+,=!&()*?#-]{1,40}$/);
  fc.assert(
    fc.property(carried, (one) => {
      expect(gitlab.text({ set: { A: one }, unset: [] })).toBe(`A=${one}\n`);
    }),
  );
});

it('json is one object of texts', () => {
  fc.assert(
    fc.property(values, (all) => {
      expect(JSON.parse(json.text({ set: named(all), unset: [] }))).toEqual(named(all));
    }),
  );
});

describe('powershell', () => {
  /** As PowerShell's tokenizer reads a literal in single quotes: any of five quotes, doubled, is the second of them. */
  function read(word: string): string | null {
    const isQuote = (one: string | undefined) => one !== undefined && "'‘’‚‛".includes(one);
    let text = '';
    for (let at = 1; at < word.length; at += 1) {
      if (isQuote(word[at])) {
        if (!isQuote(word[at + 1])) return at === word.length - 1 ? text : null;
        at += 1;
      }
      text += word[at];
    }
    return null;
  }

  it('reads a literal as the value was', () => {
    fc.assert(
      fc.property(value, (one) => {
        expect(read(quotePowershell(one))).toBe(one);
      }),
    );
  });

  it('is told to stop where it would remove a variable without a value', () => {
    expect(powershell.text({ set: { A: '' }, unset: [] })).toMatch(/^if \(\$PSVersionTable.*7\.5/);
    expect(powershell.text({ set: { A: 'a' }, unset: [] })).toBe("$env:A = 'a'\n");
  });
});

it('no format is given a name or value that no environment has', () => {
  for (const set of [{ 'a b': '' }, { '1': 'x' }, { A: '\0' }, { A: '\ud800' }] as Record<string, string>[]) {
    expect(() => checkVariables('sh', { set, unset: [] })).toThrow(
      expect.objectContaining({ code: 'ERR_UNSUPPORTED' }),
    );
  }
  expect(existsSync(folder)).toBe(true);
});
