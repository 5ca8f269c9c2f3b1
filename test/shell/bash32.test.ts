// The files that bash sources work in bash 3.2, which macOS has. Where there is one (JIT_BASH32 names it, or bash in the
// PATH is that old) they are loaded by it on a terminal; everywhere nothing newer is used in them. With such a bash first in
// the PATH all other tests in bash run in it, too: see CONTRIBUTING.md.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { missing } from '../support/tmux.ts';
import { useStage } from './stage.ts';

const folder = path.join(import.meta.dirname, '../../completions');
const files = readdirSync(folder).filter((name) => name.endsWith('.bash'));

/** What came after 3.2, by the version that brought it; `NEWS` of bash. */
const newer: readonly (readonly [what: string, pattern: RegExp])[] = [
  [
    '4.0: associative arrays, 4.2: global and 4.3: reference variables',
    /\b(?:declare|local|typeset)\s+-\w*[Agn]/,
  ],
  ['4.0: mapfile', /\b(?:mapfile|readarray|coproc)\b/],
  ['4.0: case of letters', /\$\{\w+(?:\[[^\]]*\])?(?:\^|,)/],
  ['4.0: redirections of both', /\|&|&>>/],
  ['4.0: going on in case', /;;?&(?!&)/],
  ['4.0: read -i, 4.1: read -N, fractions of a second', /\bread\b[^\n|;]*\s-(?:[iN]|\w*t\s*\.?\d*\.\d)/],
  ['4.1: printf -v of an element', /\bprintf\s+-v\s+["']?\w+\[/],
  ['4.2: test -v', /(?:\[\[|\btest)\s+(?:!\s+)?-v\s/],
  ['4.2: a negative length, 4.3: a negative index', /\$\{\w+:[^-=?+}:][^}:]*:\s*-|\$\{\w+\[-/],
  ['4.3: wait -n', /\bwait\s+-n/],
  ['4.4: transformations', /\$\{\w+(?:\[[^\]]*\])?@\w\}/],
  ['4.4: local -', /\blocal\s+-\s*(?:$|;)/m],
  ['5.3: a substitution without a fork', /\$\{[\s|]/],
];

/** Without comments, and without a builtin that is asked for by `type` first. */
const unguarded = (text: string): string => {
  const code = text.replace(/(^|\s)#.*$/gm, '$1');
  const asked = [...code.matchAll(/\btype (\w+) >\/dev\/null/g)].flatMap(([, name]) => name ?? []);
  return asked.reduce((rest, name) => rest.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), ''), code);
};

test.each(files)('%s uses nothing that came after bash 3.2', (name) => {
  const text = unguarded(readFileSync(path.join(folder, name), 'utf8'));
  expect(newer.filter(([, pattern]) => pattern.test(text)).map(([what]) => what)).toEqual([]);
});

test.each([
  ['declare -A seen', 1],
  [`echo "\${name^^}"`, 1],
  ['[[ -v name ]] && mapfile -t lines', 2],
  [`printf -v "list[1]" x; echo "\${list[-1]}"`, 2],
  ['local -a list; printf -v name x; case a in a) ;; esac; a && b & ', 0],
])('what came later is found: %s', (text, count) => {
  expect(newer.filter(([, pattern]) => pattern.test(text))).toHaveLength(count);
});

const old = [process.env['JIT_BASH32'], 'bash', '/bin/bash'].find(
  (one) => one && versionOf(one).startsWith('3.2'),
);

function versionOf(bash: string): string {
  try {
    return execFileSync(bash, ['-c', 'echo "$BASH_VERSION"'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return '';
  }
}

if (old === undefined || missing('tmux')) {
  // No skipped test: no package of Debian, npm or PyPI brings one, so a machine that is there to test has none either.
  process.stderr.write('bash 3.2 was not tested with: none is here; JIT_BASH32=<its path> names one\n');
} else {
  const stage = useStage();

  test.each(files)('bash 3.2 parses %s', (name) => {
    expect(() => execFileSync(old, ['-n', path.join(folder, name)], { stdio: 'pipe' })).not.toThrow();
  });

  test('bash 3.2 shows the grant, warns, drops its secrets and says that it has ended', async () => {
    writeFileSync(path.join(stage.scene.home, '.bashrc'), `PS1='inner> '; set -u\n`);
    const screen = await stage.start({ command: null, shell: old });
    await screen.waitFor(/^\[prod-db:write 30m\] inner> $/m);
    await screen.line('echo "$BASH_VERSION"');
    await screen.waitFor(/^3\.2\./m);
    stage.scene.writeState(stage.scene.entry(290));
    await screen.press('Enter');
    await screen.waitFor(/^jit: prod-db:write ends in 5m/m);
    await screen.waitFor(/^\[prod-db:write 5m\] inner> $/m);
    await stage.scene.endGrant();
    await screen.line(`echo "is=<\${DATABASE_URL-none}> <\${PGSERVICE-none}>"`);
    await screen.waitFor(/^is=<none> <prod-db>/m);
    await screen.waitFor(/^\[jit ended\] inner> $/m);
    await screen.line('exit 6');
    await screen.waitFor(/^exit=6/m);
  });
}
