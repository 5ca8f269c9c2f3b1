// The hook for PowerShell, which no test can run yet: its text says so, and holds nothing that would evaluate data.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const text = readFileSync(new URL('../../completions/jit.ps1', import.meta.url), 'utf8');
const code = text.replace(/^\s*#.*$/gm, '');

test('it says in its head that it is untested', () => {
  expect(text.slice(0, 300)).toMatch(/^# UNTESTED/m);
});

test('it evaluates nothing, and starts no process', () => {
  expect(code).not.toMatch(
    /Invoke-|\biex\b|Add-Type|ScriptBlock|ExpandString|Start-Process|Get-Content|&\s*['"]/i,
  );
  expect(code.match(/&\s*\S+/g)).toEqual(['& $global:_JitUsersPrompt)']);
});

test('its pattern takes the lines of the broker, old and new, and no others', () => {
  const pattern = [...code.matchAll(/'(\\A[^']*)' \+\s*'([^']*)'/g)][0];
  const line = new RegExp(`${pattern?.[1]}${pattern?.[2]}`.replace('\\A', '^').replace('\\z', '$'));
  expect('1795348612 g7f3k2 prod-db write high active'.match(line)?.groups).toMatchObject({
    end: '1795348612',
    target: 'prod-db',
    role: 'write',
    risk: 'high',
    state: 'active',
  });
  expect('1795348612 g7f3k2 prod-db write').toMatch(line);
  for (const bad of [
    'jit1 3',
    '1795348612 g7 $(calc) write low active',
    '1795348612 g7 prod-db write grave active',
    '179534861299 g7 prod-db write low active',
    '1795348612 g7 prod-db wri`te low active',
  ]) {
    expect(bad).not.toMatch(line);
  }
});

test('its brackets and quotes close', () => {
  const bare = code.replace(/'[^'\n]*'/g, '').replace(/"[^"\n]*"/g, '');
  expect(bare).not.toMatch(/['"]/);
  for (const [open, close] of ['()', '{}', '[]'] as const) {
    expect(bare.split(open ?? '').length).toBe(bare.split(close ?? '').length);
  }
});
