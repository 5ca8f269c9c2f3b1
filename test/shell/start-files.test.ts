// A user's start files that set what the grant sets: programs in the shell get what the grant gave, and the user is told.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { shellsToTest } from '../support/fish4.ts';
import { missing, type Terminal } from '../support/tmux.ts';
import { type Described, until } from './scene.ts';
import { useStage } from './stage.ts';

const stage = useStage();
const posix = {
  set: (name: string, value: string) => `export ${name}='${value}'`,
  hide: (name: string, value: string) => `unset ${name}; ${name}='${value}'`,
  traced: 'set -x',
  waits: (started: string, go: string) => `: >${started}; until [ -e ${go} ]; do sleep 0.05; done`,
};
const shells = [
  { ...posix, shell: 'bash', rcFile: '.bashrc', prompt: `PS1='inner> '` },
  { ...posix, shell: 'zsh', rcFile: '.zshrc', prompt: `PROMPT='inner> '; setopt interactive_comments` },
  {
    shell: 'fish',
    rcFile: '.config/fish/config.fish',
    prompt: `set -g fish_greeting\nfunction fish_prompt; echo -n 'inner> '; end`,
    set: (name: string, value: string) => `set -gx ${name} '${value}'`,
    hide: (name: string, value: string) => `set -e ${name}; set -g ${name} '${value}'`,
    traced: 'set -g fish_trace 1',
    waits: (started: string, go: string) => `true >${started}; while not test -e ${go}; sleep 0.05; end`,
  },
];

function writeRc(rcFile: string, ...lines: string[]): void {
  const file = path.join(stage.scene.home, rcFile);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${lines.join('\n')}\n`);
}

/** The environment of a program that is started in the shell. */
async function environmentIn(screen: Terminal): Promise<Record<string, string>> {
  const seen = path.join(stage.scene.folder, 'seen');
  rmSync(seen, { force: true });
  await screen.line('env -0 >seen.new; mv -f seen.new seen');
  await until(() => existsSync(seen), 'the shell writes its environment');
  const entries = readFileSync(seen, 'utf8').split('\0').filter(Boolean);
  return Object.fromEntries(entries.map((one) => [one.split('=', 1)[0], one.slice(one.indexOf('=') + 1)]));
}

const why = (...programs: string[]) => {
  const reason = missing(...programs);
  return reason ? ` (skipped: ${reason})` : '';
};

const fish = 'fish';

const copies = (env: Record<string, string>) =>
  Object.keys(env).filter((name) => /^JIT_(GIVEN|TAKEN)/.test(name));

/** What quotes, expansions, patterns and lists of each shell could be taken for. */
const odd = `'"\\ \`touch pwned\` $(touch pwned) (touch pwned) a[$(touch pwned)] {a,b} * ~ %n ! : ;\n\tü ✓ \u{1f511}  `;

const tested = shellsToTest(shells, ({ shell }) => shell);

describe.each(tested)('$shell', ({ shell, rcFile, prompt, set, hide, traced, waits }) => {
  const absent = missing('tmux', shell);
  async function start(described: Partial<Described> = {}): Promise<Terminal> {
    const screen = await stage.start({ command: null, shell, ...described });
    await screen.waitFor(/^\[prod-db:write \d+m\] inner> $/m);
    return screen;
  }

  describe.skipIf(absent)(`after its start files${absent ? ` (skipped: ${absent})` : ''}`, () => {
    test('what they set, hide and bring back is again as the grant gave it, and they are named', async () => {
      writeRc(
        rcFile,
        prompt,
        set('PGSERVICE', 'dev'),
        hide('OTHER_TOKEN', 'secret'),
        set('PGPASSWORD', 'mine'),
      );
      const screen = await start();
      const names = 'PGSERVICE, OTHER_TOKEN, PGPASSWORD';
      await screen.waitFor(
        new RegExp(`^jit: your start files set ${names}; they are again as the grant gave them *$`, 'm'),
      );
      const env = await environmentIn(screen);
      expect(env).toMatchObject({
        PGSERVICE: 'prod-db',
        OTHER_TOKEN: 'secret',
        JIT_GRANT_ID: stage.scene.grant.id,
      });
      expect(env).not.toHaveProperty('PGPASSWORD');
      expect(copies(env)).toEqual([]);
      expect(await screen.screen()).not.toMatch(/dev\b|mine|secret|JIT_GIVEN/);
    });

    test('what is set later is meant, and nothing is told where nothing was set', async () => {
      writeRc(rcFile, prompt);
      const screen = await start();
      await screen.line(set('PGSERVICE', 'other'));
      await screen.press('Enter');
      const env = await environmentIn(screen);
      expect(env).toMatchObject({ PGSERVICE: 'other', OTHER_TOKEN: 'secret' });
      expect(copies(env)).toEqual([]);
      expect(await screen.screen()).not.toContain('start files');
    });

    test('every byte of a value arrives, none is run, and a trace shows none', async () => {
      const given = { PGSERVICE: odd, MY_PATH: 'a:b c::d', EMPTY: '', lower_1: '-n', name: 'x' };
      const lines = Object.keys(given).map((name) => set(name, 'mine'));
      writeRc(rcFile, prompt, ...lines, traced);
      const screen = await stage.start({ command: null, shell, env: given });
      await screen.waitFor(/set PGSERVICE, MY_PATH, EMPTY, lower_1, name; they are again as the grant/);
      await screen.line('echo "at the"" prompt"');
      await screen.waitFor(/^at the prompt/m);
      const env = await environmentIn(screen);
      expect(env).toMatchObject(given);
      expect(existsSync(path.join(stage.scene.folder, 'pwned'))).toBe(false);
      expect(existsSync(path.join(stage.scene.home, 'pwned'))).toBe(false);
      expect(await screen.screen()).not.toMatch(/touch|a:b c/);
    });

    test('a grant that ends while they are read leaves no secret, and nothing of theirs in its place', async () => {
      const { folder } = stage.scene;
      const wait = waits(path.join(folder, 'started'), path.join(folder, 'go'));
      writeRc(rcFile, prompt, wait, set('PGSERVICE', 'dev'));
      const screen = await stage.start({ command: null, shell });
      await until(() => existsSync(path.join(folder, 'started')), 'the start file is read');
      stage.scene.writeState();
      writeFileSync(path.join(folder, 'go'), '');
      await screen.waitFor(/^\[jit ended\] inner> $/m);
      const env = await environmentIn(screen);
      expect(env['PGSERVICE']).toBe('prod-db');
      expect(env).not.toHaveProperty('DATABASE_URL');
      expect(copies(env)).toEqual([]);
    });
  });
});

// With what each sets first; under nocasematch only the case of letters tells the values apart.
const odder = [
  ['bash', 'set -euo posix; IFS=0123456789; readonly IFS; shopt -s nocasematch failglob', 'PROD-DB'],
  ['bash', 'set -aC; declare -i PGSERVICE=5; declare -u OTHER_TOKEN; export PGPASSFILE=(x)', 'dev'],
  ['bash', 'declare -n PGSERVICE=HOME 2>/dev/null || export PGSERVICE=dev', 'dev'],
  ['zsh', 'setopt no_unset ksh_arrays sh_word_split sh_glob all_export; IFS=0123456789; readonly IFS', 'dev'],
  [
    'zsh',
    'setopt posix_builtins err_return; unset PGSERVICE; typeset -ix PGSERVICE; typeset -u OTHER_TOKEN',
    'dev',
  ],
  ['fish', 'set -g IFS; set -gx --path PGSERVICE a b', 'dev'],
] as const;

test.skipIf(missing('tmux', 'bash', 'zsh', 'fish')).each(shellsToTest(odder, ([shell]) => shell))(
  `in %s it works under: %s${why('tmux', 'bash', 'zsh', 'fish')}`,
  async (shell, rc, value) => {
    const one = shells.find((each) => each.shell === shell) ?? shells[0];
    writeRc(one?.rcFile ?? '', one?.prompt ?? '', one?.set('PGSERVICE', value) ?? '', rc);
    const screen = await stage.start({ command: null, shell });
    await screen.waitFor(/^\[prod-db:write \d+m\] inner> $/m);
    const told = /^jit: your start files set (.*); /m.exec(await screen.screen())?.[1];
    expect(told?.split(', ')).toContain('PGSERVICE');
    const env = await environmentIn(screen);
    expect(env).toMatchObject({ PGSERVICE: 'prod-db', OTHER_TOKEN: 'secret', HOME: stage.scene.home });
    expect(env['PGPASSFILE']).toMatch(/pgpass$/);
    expect(copies(env)).toEqual([]);
    expect(await screen.screen()).not.toMatch(/_jit|_JIT|unbound|parameter not set/);
  },
);

test.skipIf(missing('tmux', 'bash', 'zsh')).each(shellsToTest(['bash', 'zsh'], (shell) => shell))(
  `in %s a readonly variable of another value is warned of; one that must not be set is hidden from programs${why('tmux', 'bash', 'zsh')}`,
  async (shell) => {
    const lines = [
      `readonly PGSERVICE=dev`,
      'readonly OTHER_TOKEN',
      'readonly PGPASSWORD=x; export PGPASSWORD',
      'readonly JIT_GIVEN JIT_GIVEN_PGSERVICE JIT_TAKEN',
    ];
    writeRc(shell === 'bash' ? '.bashrc' : '.zshrc', `PS1='inner> '`, ...lines);
    const screen = await stage.start({ command: null, shell });
    await screen.waitFor(
      /^jit: warning: your start files make PGSERVICE readonly; programs do not get what the grant gave *$/m,
    );
    await screen.waitFor(/^jit: your start files set PGPASSWORD; it is again as the grant gave it *$/m);
    await screen.waitFor(/^\[prod-db:write \d+m\] inner> $/m);
    const env = await environmentIn(screen);
    expect(env).toMatchObject({ PGSERVICE: 'dev', OTHER_TOKEN: 'secret' });
    expect(env).not.toHaveProperty('PGPASSWORD');
    expect(copies(env)).toEqual([]);
    expect(await screen.screen()).not.toMatch(/_jit|read-only|readonly variable/);
  },
);

test.skipIf(missing('tmux', 'bash'))(
  `in bash no later line of ~/.bashrc wins over a grant that has ended${why('tmux', 'bash')}`,
  async () => {
    writeRc(
      '.bashrc',
      `PS1='inner> '`,
      `printf 'jit1 0\\n' >"$JIT_STATE_FILE"; kill -URG $$`,
      'export PGSERVICE=dev DATABASE_URL=mine',
    );
    const screen = await stage.start({ command: null, shell: 'bash' });
    await screen.waitFor(/^\[jit ended\] inner> $/m);
    const env = await environmentIn(screen);
    expect(env['PGSERVICE']).toBe('prod-db');
    expect(env).not.toHaveProperty('DATABASE_URL');
  },
);

test.skipIf(missing('tmux', 'fish'))(
  `in fish universal variables are covered, and one that cannot be is told${why('tmux', 'fish')}`,
  async () => {
    const users = { PATH: process.env['PATH'], HOME: stage.scene.home };
    const otherShell = (code: string) => execFileSync(fish, ['-c', code], { env: users });
    writeRc('.config/fish/config.fish', shells[2]?.prompt ?? '', 'set -e -g PGSERVICE');
    otherShell('set -Ux PGSERVICE dev; set -Ux PGPASSWORD mine; set -Ux OTHER_TOKEN secret');
    const screen = await stage.start({ command: null, shell: 'fish' });
    await screen.waitFor(/^jit: your start files set PGSERVICE; it is again as the grant gave it *$/m);
    await screen.waitFor(/^jit: PGPASSWORD is universal \(set -Ux\).*set -e -U PGPASSWORD/m);
    await screen.waitFor(/^\[prod-db:write \d+m\] inner> $/m);
    const env = await environmentIn(screen);
    expect(env).toMatchObject({ PGSERVICE: 'prod-db', PGPASSWORD: '', OTHER_TOKEN: 'secret' });
    expect(copies(env)).toEqual([]);
    // Changed from another shell.
    otherShell('set -Ux OTHER_TOKEN other');
    expect((await environmentIn(screen))['OTHER_TOKEN']).toBe('secret');
  },
);
