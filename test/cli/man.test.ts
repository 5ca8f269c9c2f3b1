import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { commonOptions } from '../../src/cli/define-command.ts';
import { renderManPage, troff } from '../../src/cli/man.ts';
import { registry } from '../../src/cli/registry.ts';
import { missing } from '../support/tmux.ts';

const file = path.join(import.meta.dirname, '../../man/jit.1');
const absent = missing('groff');

function set(text: string): string {
  const { stdout, stderr } = spawnSync('groff', ['-ww', '-man', '-Tascii', '-P-cbou'], {
    input: text,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout;
}

describe('man/jit.1', () => {
  it('is what the commands say now; npm run generate writes it anew', () => {
    expect(readFileSync(file, 'utf8')).toBe(renderManPage(registry));
  });

  it('names every command and every common option', () => {
    const page = renderManPage(registry);
    for (const { name } of registry) expect(page).toContain(`.SS jit ${troff(name)}`);
    for (const key of Object.keys(commonOptions)) expect(page).toContain(troff(`--${key}`));
  });

  it('is ASCII, and has a request at the beginning of a line only where one is meant', () => {
    const page = renderManPage(registry);
    expect(page).toMatch(/^[\x20-\x7e\n]*$/);
    const requests = new Set(page.split('\n').flatMap((line) => /^[.'](\S+)/.exec(line)?.[1] ?? []));
    expect([...requests].sort()).toEqual(
      ['PP', 'RE', 'RS', 'SH', 'SS', 'TH', 'TP', '\\"', 'fi', 'nf'].sort(),
    );
  });

  it.skipIf(absent)(`is set by groff without a warning${absent ? ` (skipped: ${absent})` : ''}`, () => {
    expect(set(readFileSync(file, 'utf8'))).toContain('--no-input');
  });
});

describe('troff', () => {
  it.each([
    ['.so /etc/passwd', '\\&.so /etc/passwd'],
    ["'so x", '\\(aqso x'],
    ['a\n.b', 'a\n\\&.b'],
    ['--for', '\\-\\-for'],
    ['C:\\n', 'C:\\en'],
    ['`~^', '\\(ga\\(ti\\(ha'],
  ])('writes %j as %j', (text, escaped) => {
    expect(troff(text)).toBe(escaped);
  });

  it.skipIf(absent)('is read back letter for letter', () => {
    const text = `.so x 'y' --flag \\n \\fB ~/.config \`z\` ^ "q"`;
    const page = set(`.TH T 1\n.SH X\n.nf\n${troff(text)}\n`);
    expect(page).toContain(text);
  });
});
