// What the functions behind "jit use" do with what jit answers: set it byte for byte, evaluate nothing, and give back
// what was there.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { quotePosix } from '../../src/shell/quote.ts';
import { shellsToTest } from '../support/fish4.ts';
import { missing } from '../support/tmux.ts';
import { inShell, records, type Shell } from './use.ts';

const hostile = `a b'"$(touch hit)\`touch hit\`\\n;!%*~ $HOME \${x} ä\t`;
const completions = path.join(import.meta.dirname, '../../completions');
const shells: readonly Shell[] = ['bash', 'zsh', 'fish'];

/** Prints the variable as a child gets it, and whether the shell itself has it. */
const show: Readonly<Record<Shell, (name: string) => string>> = {
  bash: (name) => `sh -c 'printf "%s\\n" "${name}=<\${${name}-unset}>"'; echo "own=<\${${name}-unset}>"`,
  zsh: (name) =>
    `sh -c 'printf "%s\\n" "${name}=<\${${name}-unset}>"'; print -r -- "own=<\${${name}-unset}>"`,
  fish: (name) =>
    `sh -c 'printf "%s\\n" "${name}=<\${${name}-unset}>"'; set -q ${name}; and echo "own=<$${name}>"; or echo "own=<unset>"`,
};

for (const shell of shellsToTest(shells, (name) => name)) {
  const absent = missing(shell);
  const shown = show[shell];
  const plain = { bash: 'B=mine', zsh: 'B=mine', fish: 'set -g B mine' }[shell];
  const code = { bash: '$?', zsh: '$?', fish: '$status' }[shell];
  const exported = { bash: 'export A=$X', zsh: 'export A=$X', fish: 'set -gx A $X' }[shell];

  describe.skipIf(absent)(`jit use in ${shell}${absent ? ` (skipped: ${absent})` : ''}`, () => {
    it('sets a hostile value byte for byte, and runs nothing of it', async () => {
      const ran = await inShell(shell, `jit use prod-db --for 5m; echo ${code}; ${shown('SECRET')}; ls`, {
        answers: [records({ SECRET: hostile })],
      });
      expect(ran.stderr).toBe('');
      expect(ran.stdout.split('\n').slice(0, 3)).toEqual(['0', `SECRET=<${hostile}>`, `own=<${hostile}>`]);
      expect(ran.stdout).not.toMatch(/^hit$/m);
      expect(ran.calls).toEqual(['use --records --shell-pid=$$ prod-db --for 5m']);
    });

    it('gives back old values with a drop: exported, only of the shell, and not set', async () => {
      const all = ['A', 'B', 'C', 'D'].map(shown).join('; ');
      const script = `${exported}; ${plain}; ${all}; jit use x; ${all}; jit drop; ${all}`;
      const ran = await inShell(shell, script, {
        answers: [records({ A: 'new', B: 'new', C: 'new' }, ['D'])],
        env: { X: hostile, D: 'there' },
      });
      expect(ran.stderr).toBe('');
      const [before, during, after] = [0, 8, 16].map((from) => ran.stdout.split('\n').slice(from, from + 8));
      expect(during).toEqual([
        ...[
          'A=<new>',
          'own=<new>',
          'B=<new>',
          'own=<new>',
          'C=<new>',
          'own=<new>',
          'D=<unset>',
          'own=<unset>',
        ],
      ]);
      expect(before).toEqual([
        ...[`A=<${hostile}>`, `own=<${hostile}>`, 'B=<unset>', 'own=<mine>'],
        ...['C=<unset>', 'own=<unset>', 'D=<there>', 'own=<there>'],
      ]);
      expect(after).toEqual(before);
      expect(ran.calls.at(-1)).toBe('drop --grant=g1 --records --shell-pid=$$');
    });

    it('asks for a second grant without the first in the environment, and drops that one then', async () => {
      const script = `${exported}; jit use x; jit use y; ${shown('A')}; jit drop; ${shown('A')}`;
      const ran = await inShell(shell, script, {
        answers: [records({ A: 'one' }), records({ A: 'two', JIT_GRANT_ID: 'g2' })],
        env: { X: 'mine' },
      });
      expect(ran.stderr).toBe('');
      expect(ran.stdout.split('\n').slice(0, 4)).toEqual(['A=<two>', 'own=<two>', 'A=<mine>', 'own=<mine>']);
      expect(ran.calls.map((call) => call.split(' ').slice(0, 2).join(' '))).toEqual([
        'use --records',
        'use --records',
        'drop --records',
        'drop --grant=g2',
      ]);
      expect(ran.calls[2]).toContain('--grant=g1');
      expect(ran.seen[1]).toMatchObject({ A: 'mine' });
      expect(ran.seen[1]).not.toHaveProperty('JIT_GRANT_ID');
    });

    it('ends the grant after exec has replaced the shell, unsets what it had set, and says what is not known', async () => {
      const all = ['A', 'SECRET', 'JIT_GRANT_ID', 'JIT_USE', 'JIT_USE_PID'].map(shown).join('; ');
      const again = `. ${completions}/jit-use.${shell}; jit drop; echo ${code}; ${all}; jit drop`;
      const ran = await inShell(shell, `jit use x; exec ${shell} -c ${quotePosix(again)}`, {
        answers: [
          records({ A: 'new', SECRET: 'x', JIT_VARS: 'A SECRET PATH _JIT_USED', JIT_USE_PID: '$$' }, ['D']),
        ],
        env: { A: 'mine' },
      });
      expect(ran.stderr).toBe(
        'jit: exec has replaced the shell that used this grant, and what it had before is forgotten; unset now: A, SECRET\n',
      );
      expect(ran.stdout.split('\n').slice(0, -1)).toEqual([
        '0',
        ...['A', 'SECRET', 'JIT_GRANT_ID', 'JIT_USE', 'JIT_USE_PID'].flatMap((name) => [
          `${name}=<unset>`,
          'own=<unset>',
        ]),
      ]);
      expect(ran.calls.slice(1)).toEqual([
        'drop --grant=g1 --records --shell-pid=$$',
        'drop --records --shell-pid=$$',
      ]);
    });

    it('gives back the grant of the shell that exec has replaced once another one is in use', async () => {
      const again = `. ${completions}/jit-use.${shell}; jit use y; ${shown('A')}`;
      const ran = await inShell(shell, `jit use x; exec ${shell} -c ${quotePosix(again)}`, {
        answers: [
          records({ A: 'one', JIT_VARS: 'A', JIT_USE_PID: '$$' }),
          records({ A: 'two', JIT_GRANT_ID: 'g2', JIT_VARS: 'A', JIT_USE_PID: '$$' }),
        ],
      });
      expect(ran.stdout).toBe('A=<two>\nown=<two>\n');
      expect(ran.calls.at(-1)).toBe('drop --records --shell-pid=$$ --grant=g1');
      expect(ran.seen[1]).not.toHaveProperty('A');
    });

    it.each([
      { JIT_USE: '!', JIT_USE_PID: '-n', JIT_GRANT_ID: '-o' },
      { JIT_USE: '1', JIT_USE_PID: '(', JIT_GRANT_ID: 'g0' },
      {
        JIT_USE: '1/$$',
        JIT_USE_PID: 'a[$(touch hit)]',
        JIT_GRANT_ID: '$(touch hit)',
        JIT_VARS: '$(touch hit) E *',
      },
    ])('takes no grant for its own whatever it inherits: %j', async (inherited) => {
      const ran = await inShell(shell, `jit drop; ${shown('E')}; find . -name hit`, {
        env: { ...inherited, E: 'mine' },
      });
      expect(ran.stderr).toBe('');
      expect(ran.stdout).toBe('E=<mine>\nown=<mine>\n');
      expect(ran.calls).toEqual(['drop --records --shell-pid=$$']);
    });

    it('leaves the grant of the shell around it alone', async () => {
      const again = `. ${completions}/jit-use.${shell}; jit drop; ${shown('A')}`;
      const ran = await inShell(shell, `jit use x; ${shell} -c ${quotePosix(again)}; true`, {
        answers: [records({ A: 'new', JIT_VARS: 'A', JIT_USE_PID: '$$' })],
      });
      expect(ran.stdout).toBe('A=<new>\nown=<new>\n');
      expect(ran.calls.at(-1)).toBe('drop --records --shell-pid=$$');
    });

    it('changes nothing, and passes the exit code on, when jit fails', async () => {
      const script = `${exported}; jit use x; jit use y; echo ${code}; ${shown('A')}`;
      const failing = { bash: 'export CODE=3', zsh: 'export CODE=3', fish: 'set -gx CODE 3' }[shell];
      const ran = await inShell(shell, script.replace('jit use y', `${failing}; jit use y`), {
        answers: [records({ A: 'one' }), 'set A=half\n'],
        env: { X: 'mine' },
      });
      expect(ran.stdout).toBe('3\nA=<one>\nown=<one>\n');
    });

    it.each(['PATH', 'LD_PRELOAD', 'PROMPT_COMMAND', 'PS1', 'BAD;NAME', 'lower', '_JIT_USED', '1X'])(
      'refuses to set %s, sets nothing else, and gives the grant back',
      async (name) => {
        const ran = await inShell(shell, `jit use x; echo ${code}; ${shown('A')}`, {
          answers: [records({ A: 'new', [name]: 'evil' })],
        });
        expect(ran.stdout).toBe('1\nA=<unset>\nown=<unset>\n');
        expect(ran.stderr).toMatch(/^jit: error: refused to change a variable/m);
        expect(ran.calls.at(-1)).toBe('drop --records --shell-pid=$$ --grant=g1');
      },
    );

    it('takes no line for a record that is none', async () => {
      const ran = await inShell(shell, `jit use x; echo ${code}; ${shown('A')}`, {
        answers: ['drop\nset A=1\ntouch hit\nset JIT_GRANT_ID=g1\n'],
      });
      expect(ran.stdout).toBe('1\nA=<unset>\nown=<unset>\n');
      expect(ran.calls.at(-1)).toContain('--grant=g1');
    });

    it('hands every other command to jit as it was typed', async () => {
      const ran = await inShell(
        shell,
        `jit status --json; jit elevate 'a  b' -- use; jit use --help; jit; jit --config use drop x`,
      );
      expect(ran.calls).toEqual([
        'status --json',
        'elevate a  b -- use',
        'use --help',
        '',
        shell === 'fish'
          ? 'drop --records --shell-pid=$$ --config use x'
          : 'drop --config use --records --shell-pid=$$ x',
      ]);
    });

    it('takes words within a reason for no option', async () => {
      const ran = await inShell(shell, `jit use x --reason 'call -h or --help now'; ${shown('A')}`, {
        answers: [records({ A: 'new' })],
      });
      expect(ran.stdout).toBe('A=<new>\nown=<new>\n');
    });

    it('restores nothing that it has not kept itself, whatever it inherits', async () => {
      const ran = await inShell(
        shell,
        `jit use x; ${shown('A')}; jit drop; ${shown('HOME')}; ${shown('E')}`,
        {
          answers: [records({ A: 'new' })],
          env: { _JIT_USED: 'g0', _JIT_SET_NAMES: 'HOME E', _JIT_HAD_E: 'eevil', _JIT_WAS_E: 'exported' },
        },
      );
      expect(ran.stdout).toBe(
        `A=<new>\nown=<new>\nHOME=<${ran.folder}>\nown=<${ran.folder}>\nE=<unset>\nown=<unset>\n`,
      );
      expect(ran.calls.map((call) => call.split(' ')[0])).toEqual(['use', 'drop']);
    });

    it('works when the user has an alias named jit, and shows no value when commands are traced', async () => {
      const before = {
        bash: "shopt -s expand_aliases; alias jit='jit --quiet'; alias local='false'",
        zsh: "setopt aliases; alias jit='jit --quiet'",
        fish: 'function jit; command jit --quiet $argv; end',
      }[shell];
      const trace = { bash: 'set -xa', zsh: 'setopt xtrace allexport', fish: 'set -g fish_trace 1' }[shell];
      const script = `${exported}\n${trace}\njit use x\njit drop\njit use x\nenv | grep -c '^_JIT' || true\njit status`;
      const ran = await inShell(shell, script, {
        answers: [records({ A: 'planted-secret', B: 'planted-secret' })],
        before,
        env: { X: 'planted-old-secret' },
      });
      expect(ran.stdout).toBe('0\n');
      expect(ran.stderr).not.toContain('planted');
      expect(ran.calls[0]).toMatch(/^use .*--records/);
      expect(ran.calls.at(-1)).toBe('--quiet status');
    });
  });
}

describe.each(['bash', 'zsh'] as const)('jit use in %s', (shell) => {
  it.skipIf(missing(shell)).each(['jit use x | cat', '(jit use x)', 'A=$(jit use x)', 'jit use x & wait $!'])(
    'asks for nothing where the shell would not keep it: %s',
    async (line) => {
      const ran = await inShell(shell, `${line}; jit use --help | cat`, { answers: [records({ A: 'new' })] });
      expect(ran.stderr).toMatch(/^jit: error: "jit use" in a pipe or a subshell is lost/m);
      expect(ran.calls).toEqual(['use --help']);
    },
  );

  it.skipIf(missing(shell))(
    'works beside readonly variables of the user that are named as any in it',
    async () => {
      const text = readFileSync(path.join(completions, `jit-use.${shell}`), 'utf8');
      const named = [...text.matchAll(/^ *local (.*)$/gm)].flatMap(([, rest = '']) =>
        [...rest.matchAll(/(?:^| )([a-z_]\w*)/g)].map(([, name]) => name),
      );
      const plain = [
        'at',
        'code',
        'grant',
        'had',
        'line',
        'name',
        'old',
        'records',
        'rest',
        'state',
        'verb',
        'word',
      ];
      const script = `readonly ${[...new Set([...named, ...plain])].filter((one) => !one?.startsWith('_')).join(' ')}
jit use x; echo $A; jit use y; echo $A; jit drop; echo "\${A-none}"`;
      const ran = await inShell(shell, script, {
        answers: [records({ A: 'one' }), records({ A: 'two', JIT_GRANT_ID: 'g2' })],
      });
      expect(ran).toMatchObject({ stderr: '', stdout: 'one\ntwo\nnone\n' });
    },
  );
});

describe('jit use in bash', () => {
  it('leaves the options of the shell on when it is interrupted', async () => {
    const script = `
cat > "$SCENE/jit" <<'END'
#!/bin/sh
kill -INT "\${3#--shell-pid=}" $$
END
printf '%s\\n' '. ${completions}/jit-use.bash' 'set -a' 'jit use x' 'echo "after=$-"' > inner
PS1= bash --norc --noediting -i < inner 2>/dev/null`;
    const { stdout } = await inShell('bash', script);
    expect(stdout).toMatch(/^after=\S*a/m);
  });

  it.each([['-u'], ['-e'], ['-eu'], ['-o', 'posix'], ['-f'], ['-euo', 'pipefail']])(
    'works under %s',
    async (...args) => {
      const script = `IFS=,; jit use x; echo "$A"; jit use y; echo "$A"; jit drop; echo "\${A-none} \${B-none}"`;
      const ran = await inShell('bash', script, {
        answers: [records({ A: 'a,b' }, ['B']), records({ A: '2', JIT_GRANT_ID: 'g2' })],
        args,
        env: { B: 'old' },
      });
      expect(ran).toMatchObject({ stderr: '', code: 0, stdout: 'a,b\n2\nnone old\n' });
    },
  );

  it('gives back a variable that was exported without a value', async () => {
    const script = `export A; jit use x; jit drop; declare -p A; declare -p B`;
    const ran = await inShell('bash', script, { answers: [records({ A: '1', B: '1' })], before: 'B=' });
    expect(ran.stdout).toBe('declare -x A\ndeclare -- B=""\n');
  });

  it.each(['declare -r A=1', 'declare -i A=1', 'declare -a A=(1)', 'declare -n A=B'])(
    'does not touch what is declared otherwise: %s',
    async (declaration) => {
      const ran = await inShell('bash', `jit use x; echo "$?"; jit drop`, {
        answers: [records({ Z: '1', A: 'a[$(touch hit)]' })],
        before: declaration,
      });
      expect(ran.stdout).toBe('1\n');
      expect(ran.stderr).toContain('"A" is declared in this shell');
      expect(ran.calls[1]).toContain('--grant=g1');
    },
  );
});

describe.skipIf(missing('zsh'))('jit use in zsh', () => {
  it.each([
    'ksh_arrays',
    'sh_word_split',
    'nounset',
    'err_exit',
    'glob_subst',
    'no_multibyte',
    'ksh_glob',
    'warn_create_global',
    'null_glob',
  ])('works under %s', async (option) => {
    const script = `jit use x; print -r -- "$A"; jit use y; print -r -- "$A"; jit drop; print -r -- "\${A-none} \${B-none}"`;
    const ran = await inShell('zsh', script, {
      answers: [records({ A: 'a b*' }, ['B']), records({ A: '2', JIT_GRANT_ID: 'g2' })],
      before: `setopt ${option}`,
      env: { B: 'old' },
    });
    expect(ran).toMatchObject({ stderr: '', code: 0, stdout: 'a b*\n2\nnone old\n' });
  });

  it.each(['typeset -r A=1', 'typeset -i A=1', 'typeset -a A', 'typeset -T A a', 'typeset -u A'])(
    'does not touch what is declared otherwise: %s',
    async (declaration) => {
      const ran = await inShell('zsh', `jit use x; echo "$?"`, {
        answers: [records({ Z: '1', A: 'a[$(touch hit)]' })],
        before: declaration,
      });
      expect(ran.stdout).toBe('1\n');
      expect(ran.stderr).toContain('"A" is declared in this shell');
    },
  );
});

describe.skipIf(missing('fish'))('jit use in fish', () => {
  it('works when IFS is empty, and uncovers a universal variable', async () => {
    const script = `set -g IFS; set -U A universal; jit use x; echo $A; jit use y; jit drop; echo $A; set -e -U A`;
    const ran = await inShell('fish', script, {
      answers: [records({ A: 'a b' }), records({ A: '2', JIT_GRANT_ID: 'g2' })],
    });
    expect(ran).toMatchObject({ stderr: '', stdout: 'a b\nuniversal\n' });
  });

  it('refuses a grant that must be without what is a universal variable, which nothing hides', async () => {
    // Without the files of a user a variable that is to be universal is only global.
    const ran = await inShell('fish', 'fish -c $INNER', {
      answers: [records({ B: '1' }, ['A'])],
      env: {
        INNER: `. ${completions}/jit-use.fish; set -Ux A mine; jit use x; echo $status; ${show.fish('B')}`,
      },
    });
    expect(ran.stdout).toBe('1\nB=<unset>\nown=<unset>\n');
    expect(ran.stderr).toContain('"A" is universal');
    expect(ran.calls.at(-1)).toContain('--grant=g1');
  });

  it('gives back a list as it was', async () => {
    const script = `set -gx A one 'two three'; jit use x; jit drop; count $A; sh -c 'echo "$A"'`;
    const ran = await inShell('fish', script, { answers: [records({ A: '1' })] });
    expect(ran).toMatchObject({ stderr: '', stdout: '2\none two three\n' });
  });
});

it('uses no here-document: bash before 5.1 and zsh write those to a file', () => {
  for (const shell of shells) {
    const text = readFileSync(
      path.join(import.meta.dirname, '../../completions', `jit-use.${shell}`),
      'utf8',
    );
    expect(text).not.toContain('<<');
    expect(text.replaceAll(/#.*$/gm, '')).not.toMatch(/\beval\b/);
  }
});
