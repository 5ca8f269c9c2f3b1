// The prompt hooks in real shells on a real terminal: what each of bash, zsh and fish has to show.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { shellsToTest } from '../support/fish4.ts';
import { missing } from '../support/tmux.ts';
import type { Described } from './scene.ts';
import { useStage } from './stage.ts';

const stage = useStage();
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

const tested = shellsToTest(shells, ({ shell }) => shell);

describe.each(tested)('$shell', ({ shell, rcFile, rc, isSet, hostileRc }) => {
  const absent = missing('tmux', shell);

  function writeRc(content: string): string {
    const file = path.join(stage.scene.home, rcFile);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  /** Starts the shell and waits for a prompt that shows the grant. */
  async function startShell(described: Partial<Described> = {}, env: Record<string, string> = {}) {
    const screen = await stage.start({ command: null, shell, ...described }, env);
    await screen.waitFor(/^\[prod-db:write \d+m\] inner> $/m);
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
      expect(stage.scene.result()).toEqual({ exitCode: 42, grantEnded: false });
      expect(readFileSync(file, 'utf8')).toBe(rc);
      expect(stage.scene.runFiles()).toEqual(['prompt']);
    });

    test('the status of the last command survives the hook', async () => {
      writeRc(rc);
      const screen = await startShell();
      await screen.line('sh -c "exit 3"');
      await screen.line(shell === 'fish' ? 'echo "was=$status"' : 'echo "was=$?"');
      await screen.waitFor(/^was=3/m);
    });

    test('so it does when the hook makes sure of itself, a second after the start', async () => {
      writeRc(rc);
      const screen = await startShell();
      await screen.line('sh -c "sleep 1.2; exit 3"');
      await screen.line(shell === 'fish' ? 'echo "was=$status"' : 'echo "was=$?"');
      await screen.waitFor(/^was=3/m);
    });

    test('the time left is in hours and minutes, then minutes, then seconds, and warns on the way', async () => {
      writeRc(rc);
      const screen = await startShell();
      stage.scene.writeState(stage.scene.entry(7290));
      await screen.press('Enter');
      await screen.waitFor(/^\[prod-db:write 2h1m\] inner> $/m);
      await screen.waitFor(/\[36mprod-db:write 2h1m/, { colours: true });
      stage.scene.writeState(stage.scene.entry(290));
      await screen.press('Enter');
      await screen.waitFor(/^jit: prod-db:write ends in 5m *$/m);
      await screen.waitFor(/\[33mprod-db:write 5m/, { colours: true });
      stage.scene.writeState(
        stage.scene.entry(55),
        `${Math.floor(Date.now() / 1000) + 900} gother aws-prod admin`,
      );
      await screen.press('Enter');
      await screen.waitFor(/^jit: prod-db:write ends in \d\ds - "jit extend --for 10m" or finish up\. *$/m);
      await screen.waitFor(/^\[prod-db:write \d\ds, aws-prod:admin 15m\] inner> $/m);
      await screen.waitFor(/31mprod-db:write \d\ds/, { colours: true });
    });

    test('the warnings of a grant that was short from the start are as much shorter', async () => {
      writeRc(rc);
      const screen = await stage.start({ command: null, shell, seconds: 290 });
      await screen.waitFor(/^\[prod-db:write 5m\] inner> $/m);
      stage.scene.writeState(stage.scene.entry(200));
      await screen.press('Enter');
      await screen.waitFor(/^\[prod-db:write 4m\] inner> $/m);
      expect(await screen.screen()).not.toContain('ends in');
      stage.scene.writeState(stage.scene.entry(280));
      await screen.press('Enter');
      await screen.waitFor(/^\[prod-db:write 5m\] inner> $/m);
      stage.scene.writeState(stage.scene.entry(50));
      await screen.press('Enter');
      // Of 280 seconds: half of them for the first, 28 for the last.
      await screen.waitFor(/^jit: prod-db:write ends in \d\ds *$/m);
      stage.scene.writeState(stage.scene.entry(27));
      await screen.press('Enter');
      await screen.waitFor(/^jit: prod-db:write ends in \d\ds - /m);
    });

    test('a grant that cannot be extended is not said to be', async () => {
      writeRc(rc);
      const screen = await startShell({ extension: null });
      stage.scene.writeState(stage.scene.entry(55));
      await screen.press('Enter');
      await screen.waitFor(/^jit: prod-db:write ends in \d\ds - finish up\. *$/m);
    });

    test('at the end the next command sees no secrets, is still led to what is gone, and the prompt says so', async () => {
      writeRc(rc);
      const screen = await startShell();
      await stage.scene.endGrant();
      await screen.line(isSet('DATABASE_URL'));
      await screen.waitFor(/^is=<none>/m);
      await screen.line(isSet('PGSERVICE'));
      await screen.waitFor(/^is=<prod-db>/m);
      await screen.line(isSet('PGPASSFILE'));
      await screen.waitFor(/^is=<.*pgpass>/m);
      await screen.waitFor(/^jit: prod-db:write has ended; what needs it fails in this shell\./m);
      await screen.waitFor(/^\[jit ended\] inner> $/m);
      await screen.line('exit 6');
      await screen.waitFor(/^exit=6/m);
      expect(stage.scene.result()).toEqual({ exitCode: 6, grantEnded: true });
    });

    test('an idle prompt says so, bash at the next Enter, and keeps what is half typed', async () => {
      writeRc(rc);
      const screen = await startShell();
      await screen.type('echo half');
      await screen.waitFor(/inner> echo half/);
      await stage.scene.endGrant();
      if (shell !== 'bash') {
        await screen.waitFor(/^\[jit ended\] inner> echo half *$/m);
        expect(await screen.screen()).toMatch(/^jit: prod-db:write has ended/m);
      }
      await screen.line('-typed');
      await screen.waitFor(/^jit: prod-db:write has ended[\s\S]*^half-typed/m);
      await screen.waitFor(/^\[jit ended\] inner> $/m);
    });

    test('a program in front is left alone at the end, and the shell is told after it', async () => {
      writeRc(rc);
      const screen = await startShell();
      await screen.line('sh -c "echo in front; read line; echo read:$line"');
      await screen.waitFor(/^in front/m);
      await stage.scene.endGrant();
      await screen.line('words');
      await screen.waitFor(/^read:/m);
      await screen.waitFor(/^\[jit ended\] inner> $/m);
    });

    test('without a broker the shell drops its secrets by its own clock', async () => {
      writeRc(rc);
      const screen = await stage.start({ command: null, shell, seconds: 3 });
      // On a busy machine the grant is over before the shell is there.
      await screen.waitFor(/^\[(prod-db:write \ds|jit ended)\] inner> $/m);
      stage.scene.removeState();
      await expect
        .poll(
          async () => {
            await screen.press('Enter');
            return screen.screen();
          },
          { timeout: 30_000, interval: 200 },
        )
        .toMatch(/^\[jit ended\] inner> $/m);
      await screen.line(isSet('DATABASE_URL'));
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
      expect(stage.scene.result()).toBeNull();
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
      const touch = `touch ${stage.scene.folder}/pwned`;
      const later = Math.floor(Date.now() / 1000) + 900;
      stage.scene.writeState(
        `a[$(${touch})] ${stage.scene.grant.id} prod-db write`,
        `${later} gone $(${touch.replaceAll(' ', '\t')}) write`,
        `${later} gtwo \`${touch}\` write`,
        `${later} gthree \\u\\h%n!!%d write`,
        `${later} gfour \u001b]0;title\u0007 write`,
        `99999999999999999999 ${stage.scene.grant.id} far-db write`,
        `${later} gfive ${'x'.repeat(300)} write`,
        `0${later} gsix other-db $(${touch})`,
        `${later} gseven other-db write high gone`,
        `${later} geight  other-db write`,
        stage.scene.entry(1190),
      );
      await screen.press('Enter');
      await screen.waitFor(/^\[prod-db:write 20m\] inner> $/m);
      await screen.line('echo one more');
      await screen.waitFor(/^one more/m);
      expect(existsSync(`${stage.scene.folder}/pwned`)).toBe(false);
    });

    test('JIT_PROMPT_INJECT=0 and NO_COLOR are obeyed', async () => {
      writeRc(rc);
      const plain = await startShell({}, { NO_COLOR: '1' });
      expect(await plain.screen({ colours: true })).toMatch(/^\[prod-db:write 30m\] inner> $/m);
      await plain.line('exit 0');
      await plain.waitFor(/^exit=0/m);
      await plain.line('clear; JIT_PROMPT_INJECT=0 ./jit');
      await plain.waitFor(/^inner> $/m);
      await plain.line('echo "for tools: $JIT_PROMPT"');
      await plain.waitFor(/^for tools: prod-db:write 30m/m);
    });

    test('a shell that never loads the hook is announced, and closed with the grant', async () => {
      writeRc('exec sh -i\n');
      const screen = await stage.start({ command: null, shell, readyMs: 700, graceMs: 1000 });
      await screen.waitFor(/jit: the prompt of this shell does not show the grant/m);
      await stage.scene.endGrant();
      await screen.waitFor(/exit=124/);
      expect(stage.scene.result()).toEqual({ exitCode: 124, grantEnded: true });
      expect(stage.scene.runFiles()).toEqual(['prompt']);
    });
  });
});
