// Sessions on a real terminal: one-off commands and their keys, and the three shells with their hooks.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { quotePosix } from '../../src/shell/quote.ts';
import { missing, openTerminal, type Terminal } from '../support/tmux.ts';
import { type Described, makeScene, type Scene } from './scene.ts';

let scene: Scene;
let terminal: Terminal | null = null;

beforeEach(() => {
  scene = makeScene();
});

afterEach(async () => {
  await terminal?.close();
  terminal = null;
  await scene.remove();
});

/** An outer bash without any files of a user, and in it the session; `exit=<code>` is printed when it has ended. */
async function startSession(described: Described, env: Record<string, string> = {}): Promise<Terminal> {
  const command = scene.describe(described).map(quotePosix).join(' ');
  writeFileSync(path.join(scene.folder, 'jit'), `#!/bin/sh\nexec ${command}\n`, { mode: 0o755 });
  const opened = await openTerminal({
    command: ['bash', '--norc', '--noprofile', '-i'],
    env: scene.environment({ PS1: 'outer$ ', ...env }),
    cwd: scene.folder,
  });
  terminal = opened;
  await opened.waitFor(/outer\$ $/m);
  await opened.line('./jit; echo exit=$?');
  return opened;
}

const noTmux = missing('tmux');

describe.skipIf(noTmux)(`a one-off command on a terminal${noTmux ? ` (skipped: ${noTmux})` : ''}`, () => {
  test('Ctrl-C reaches the command once, and its answer to it is what counts', async () => {
    const script = `trap 'echo interrupted; n=x$n; [ $n = xx ] && exit 1' INT; echo running; for i in 1 2 3 4 5 6; do sleep 0.1; done; while [ -z "$n" ]; do sleep 0.1; done; sleep 0.3; exit 8`;
    const screen = await startSession({ command: ['bash', '-c', script] });
    await screen.waitFor(/^running/m);
    await screen.press('C-c');
    await screen.waitFor(/^exit=8/m);
    expect((await screen.screen()).match(/^(\^C)?interrupted/gm)).toHaveLength(1);
  });

  test('Ctrl-C ends a command that does not care, with 130', async () => {
    const screen = await startSession({ command: ['bash', '-c', 'echo running; exec sleep 300'] });
    await screen.waitFor(/^running/m);
    await screen.press('C-c');
    await screen.waitFor(/exit=130/);
  });

  test('Ctrl-Z stops jit and the command together, and fg continues both', async () => {
    const screen = await startSession({
      command: ['bash', '-c', 'echo running; read line; echo "got $line"; exit 5'],
    });
    await screen.waitFor(/^running/m);
    await screen.press('C-z');
    await screen.waitFor(/Stopped/);
    await screen.line('fg; echo after=$?');
    await screen.waitFor(/^\.\/jit$|^\.\/jit;/m);
    await screen.line('words');
    await screen.waitFor(/^got words/m);
    await screen.waitFor(/after=5/);
  });
});

/** What differs between the shells; each rc file sets FROM_RC and a prompt of its own. */
const shells = [
  {
    shell: 'bash',
    rcFile: '.bashrc',
    rc: `FROM_RC=honoured; PS1='inner> '; alias greet='echo aliased'\n`,
    isSet: (name: string) => `echo "is=<\${${name}-none}>"`,
    hostileRc: `PS1='inner> '\nPROMPT_COMMAND='true;'\n`,
  },
  {
    shell: 'zsh',
    rcFile: '.zshrc',
    rc: `FROM_RC=honoured; PROMPT='inner> '; alias greet='echo aliased'\n`,
    isSet: (name: string) => `echo "is=<\${${name}-none}>"`,
    hostileRc: `setopt promptsubst promptbang\nPROMPT='inner> '\nprecmd_functions=()\n`,
  },
  {
    shell: 'fish',
    rcFile: '.config/fish/config.fish',
    rc: `set -g FROM_RC honoured\nset -g fish_greeting\nfunction fish_prompt; echo -n 'inner> '; end\nfunction greet; echo aliased; end\n`,
    isSet: (name: string) => `set -q ${name}; and echo "is=<$${name}>"; or echo "is=<none>"`,
    hostileRc: `set -g fish_greeting\nfunction fish_prompt; echo -n 'inner> '; end\n`,
  },
];

describe.each(shells)('$shell', ({ shell, rcFile, rc, isSet, hostileRc }) => {
  const absent = missing('tmux', shell);

  function writeRc(content: string): string {
    const file = path.join(scene.home, rcFile);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  /** Starts the shell and waits for a prompt that shows the grant. */
  async function startShell(described: Partial<Described> = {}, env: Record<string, string> = {}) {
    const screen = await startSession({ command: null, shell, ...described }, env);
    await screen.waitFor(/^\[prod-db \d+m\] inner> $/m);
    return screen;
  }

  describe.skipIf(absent)(`as a session${absent ? ` (skipped: ${absent})` : ''}`, () => {
    test('the prompt shows the grant, the files of the user count, and none of them changes', async () => {
      const file = writeRc(rc);
      const screen = await startShell();
      await screen.line(isSet('FROM_RC'));
      await screen.waitFor(/^is=<honoured>/m);
      await screen.line('greet');
      await screen.waitFor(/^aliased/m);
      await screen.line(isSet('PGSERVICE'));
      await screen.waitFor(/^is=<prod-db>/m);
      await screen.line('exit 42');
      await screen.waitFor(/^exit=42/m);
      expect(scene.result()).toEqual({ exitCode: 42, grantEnded: false });
      expect(readFileSync(file, 'utf8')).toBe(rc);
      expect(scene.runFiles()).toEqual(['prompt']);
    });

    test('the status of the last command survives the hook', async () => {
      writeRc(rc);
      const screen = await startShell();
      await screen.line('sh -c "exit 3"');
      await screen.line(shell === 'fish' ? 'echo "was=$status"' : 'echo "was=$?"');
      await screen.waitFor(/^was=3/m);
    });

    test('the time left is in hours and minutes, then minutes, then seconds, and warns on the way', async () => {
      writeRc(rc);
      const screen = await startShell();
      scene.writeState(scene.entry(7290));
      await screen.press('Enter');
      await screen.waitFor(/^\[prod-db 2h1m\] inner> $/m);
      await screen.waitFor(/\[32m\[prod-db 2h1m\]/, { colours: true });
      scene.writeState(scene.entry(290));
      await screen.press('Enter');
      await screen.waitFor(/^jit: prod-db ends in 5m *$/m);
      await screen.waitFor(/\[33m\[prod-db 5m\]/, { colours: true });
      scene.writeState(scene.entry(55), `${Math.floor(Date.now() / 1000) + 900} gother aws-prod admin`);
      await screen.press('Enter');
      await screen.waitFor(/^jit: prod-db ends in \d\ds - "jit extend" or finish up\. *$/m);
      await screen.waitFor(/^\[prod-db\+1 \d\ds\] inner> $/m);
      await screen.waitFor(/31m\[prod-db\+1 \d\ds\]/, { colours: true });
    });

    test('at the end the next command sees no variables, and the prompt says so', async () => {
      writeRc(rc);
      const screen = await startShell();
      await scene.endGrant();
      await screen.line(isSet('PGSERVICE'));
      await screen.waitFor(/^is=<none>/m);
      await screen.waitFor(/^jit: grant prod-db has ended; PGSERVICE PGPASSFILE removed from this shell\./m);
      await screen.waitFor(/^\[jit ended\] inner> $/m);
      await screen.line('exit 6');
      await screen.waitFor(/^exit=6/m);
      expect(scene.result()).toEqual({ exitCode: 6, grantEnded: true });
    });

    test('a program in front is left alone at the end, and the shell is told after it', async () => {
      writeRc(rc);
      const screen = await startShell();
      await screen.line('sh -c "echo in front; read line; echo read:$line"');
      await screen.waitFor(/^in front/m);
      await scene.endGrant();
      await screen.line('words');
      await screen.waitFor(/^read:/m);
      await screen.waitFor(/^\[jit ended\] inner> $/m);
    });

    test('without a broker the shell drops its variables by its own clock', async () => {
      writeRc(rc);
      const screen = await startSession({ command: null, shell, seconds: 3 });
      await screen.waitFor(/^\[prod-db \ds\] inner> $/m);
      scene.removeState();
      await expect
        .poll(
          async () => {
            await screen.press('Enter');
            return screen.screen();
          },
          { timeout: 8000, interval: 200 },
        )
        .toMatch(/^\[jit ended\] inner> $/m);
      await screen.line(isSet('PGSERVICE'));
      await screen.waitFor(/^is=<none>/m);
    });

    test('Ctrl-C ends only the command in front', async () => {
      writeRc(rc);
      const screen = await startShell();
      await screen.line('sh -c "echo in front; exec sleep 300"');
      await screen.waitFor(/^in front/m);
      await screen.press('C-c');
      await screen.line('echo still here');
      await screen.waitFor(/^still here/m);
      expect(scene.result()).toBeNull();
    });

    test('suspend gives the terminal back to the outer shell, and fg returns', async () => {
      writeRc(rc);
      const screen = await startShell();
      await screen.line('suspend');
      await screen.waitFor(/Stopped/);
      await screen.line('echo outside; fg');
      await screen.waitFor(/^outside/m);
      await screen.line('echo inside again');
      await screen.waitFor(/^inside again/m);
    });

    test('a hostile prompt-state file runs nothing, and its valid lines count', async () => {
      writeRc(hostileRc);
      const screen = await startShell();
      const touch = `touch ${scene.folder}/pwned`;
      const later = Math.floor(Date.now() / 1000) + 900;
      scene.writeState(
        `a[$(${touch})] ${scene.grant.id} prod-db write`,
        `${later} gone $(${touch.replaceAll(' ', '\t')}) write`,
        `${later} gtwo \`${touch}\` write`,
        `${later} gthree \\u\\h%n!!%d write`,
        `${later} gfour \u001b]0;title\u0007 write`,
        `99999999999999999999 ${scene.grant.id} far-db write`,
        `${later} gfive ${'x'.repeat(300)} write`,
        `0${later} gsix other-db $(${touch})`,
        scene.entry(1190),
      );
      await screen.press('Enter');
      await screen.waitFor(/^\[prod-db\+1 20m\] inner> $/m);
      await screen.line('echo one more');
      await screen.waitFor(/^one more/m);
      expect(existsSync(`${scene.folder}/pwned`)).toBe(false);
    });

    test('JIT_PROMPT_INJECT=0 and NO_COLOR are obeyed', async () => {
      writeRc(rc);
      const plain = await startShell({}, { NO_COLOR: '1' });
      expect(await plain.screen({ colours: true })).toMatch(/^\[prod-db 30m\] inner> $/m);
      await plain.line('exit 0');
      await plain.waitFor(/^exit=0/m);
      await plain.line('clear; JIT_PROMPT_INJECT=0 ./jit');
      await plain.waitFor(/^inner> $/m);
      await plain.line('echo "for tools: $JIT_PROMPT"');
      await plain.waitFor(/^for tools: prod-db 30m/m);
    });

    test('a shell that never loads the hook is announced, and closed with the grant', async () => {
      writeRc('exec sh -i\n');
      const screen = await startSession({ command: null, shell, readyMs: 700, graceMs: 1000 });
      await screen.waitFor(/jit: the prompt of this shell does not show the grant/m);
      await scene.endGrant();
      await screen.waitFor(/exit=124/);
      expect(scene.result()).toEqual({ exitCode: 124, grantEnded: true });
      expect(scene.runFiles()).toEqual(['prompt']);
    });
  });
});

const noBash = missing('tmux', 'bash');

describe.skipIf(noBash)(`bash in odd company${noBash ? ` (skipped: ${noBash})` : ''}`, () => {
  const writeRc = (content: string) => writeFileSync(path.join(scene.home, '.bashrc'), content);

  test('an IFS without a blank does not keep the variables', async () => {
    writeRc(`PS1='inner> '; IFS=:; set -u\n`);
    const screen = await startSession({ command: null, shell: 'bash' });
    await screen.waitFor(/^\[prod-db 30m\] inner> $/m);
    await scene.endGrant();
    await screen.line(`echo "is=<\${PGSERVICE-none} \${PGPASSFILE-none}>"`);
    await screen.waitFor(/^is=<none none>/m);
  });

  test('Ctrl-C in a slow file of the user costs that file, not the hook', async () => {
    writeRc(`echo slow; sleep 300; FROM_RC=yes\n`);
    const screen = await startSession({ command: null, shell: 'bash' });
    await screen.waitFor(/^slow/m);
    await screen.press('C-c');
    await screen.waitFor(/^\^C\[prod-db 30m\] /m);
  });

  test('an array of prompt commands and a prompt that is set anew each time keep the indicator', async () => {
    writeRc(`PROMPT_COMMAND=('count=$((count + 1))' "PS1='inner> '")\n`);
    const screen = await startSession({ command: null, shell: 'bash' });
    await screen.waitFor(/^\[prod-db 30m\] inner> $/m);
    await screen.line('echo "count=$count"');
    await screen.waitFor(/^count=1\n\[prod-db 30m\] inner> $/m);
  });

  test('a session inside of a session names the outer grant, and inherits nothing meant for one shell', async () => {
    writeRc(`PS1='inner> '; seen="<\${JIT_NOW-none}>"\n`);
    const screen = await startSession({ command: null, shell: 'bash' });
    await screen.waitFor(/^\[prod-db 30m\] inner> $/m);
    await screen.line('./jit; echo exit=$?');
    await screen.waitFor(/^\[prod-db 30m\] inner> $(?![\s\S]*exit=)/m);
    await screen.line(`echo "stack=$JIT_STACK ready=<\${JIT_READY-none}> now=$seen"`);
    await screen.waitFor(new RegExp(`^stack=${scene.grant.id}=prod-db ready=<none> now=<none>`, 'm'));
    await screen.line('exit 3');
    await screen.waitFor(/^exit=3/m);
    await screen.line('echo "outer stack=<$JIT_STACK>"');
    await screen.waitFor(/^outer stack=<>/m);
  });
});

const noZsh = missing('tmux', 'zsh');

describe.skipIf(noZsh)(`zsh with a ZDOTDIR${noZsh ? ` (skipped: ${noZsh})` : ''}`, () => {
  test('reads all files of that folder, and ZDOTDIR is what it was', async () => {
    const zdotdir = path.join(scene.home, 'zsh files');
    mkdirSync(zdotdir);
    writeFileSync(path.join(zdotdir, '.zshenv'), 'ENV_READ=yes\n');
    writeFileSync(path.join(zdotdir, '.zshrc'), `PROMPT='inner> '\n`);
    const screen = await startSession({ command: null, shell: 'zsh' }, { ZDOTDIR: zdotdir });
    await screen.waitFor(/^\[prod-db 30m\] inner> $/m);
    await screen.line(`echo "dir=<$ZDOTDIR> env=$ENV_READ user=<\${JIT_USER_ZDOTDIR-none}>"`);
    await screen.waitFor(/^dir=<.*\/home\/zsh files> env=yes user=<none>/m);
  });
});

describe.skipIf(noTmux)(`a shell that jit has no hook for${noTmux ? ` (skipped: ${noTmux})` : ''}`, () => {
  test('is announced, and closed with the grant', async () => {
    const screen = await startSession({ command: null, shell: '/bin/sh', graceMs: 1000 });
    await screen.waitFor(/^jit: jit has no prompt hook for/m);
    await screen.waitFor(/^outer\$ $/m);
    await scene.endGrant();
    await screen.waitFor(/exit=124/);
  });
});
