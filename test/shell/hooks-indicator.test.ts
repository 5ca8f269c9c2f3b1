// What the prompt hooks make of the prompt-state file: the indicator, its colours, and the warnings.

import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { warningsFor } from '../../src/core/shell-terms.ts';
import { missing } from '../support/tmux.ts';
import { type HookScene, hookShellNames, hookShells, makeHookScene, ownGrant } from './hook-run.ts';

const visible = (text: string) => text.replaceAll('\u001b', 'ESC').replaceAll('\u0007', 'BEL');

let scene: HookScene;
beforeEach(() => {
  scene = makeHookScene();
});
afterEach(() => scene.remove());

describe.each(hookShellNames)('%s', (shell) => {
  const absent = missing(shell);
  const { prompt, render } = hookShells[shell];
  const ask = (env?: Record<string, string>, ...more: string[]) =>
    scene.run(shell, [...more, prompt, 'env | grep "^JIT_PROMPT=" || echo none'], env);
  const shown = (env?: Record<string, string>) => ask(env).stdout.trim().replace('JIT_PROMPT=', '');
  const rendered = (env?: Record<string, string>) => visible(scene.run(shell, [prompt, render], env).stdout);
  const line = (left: number, rest: string) => `${scene.now + left} ${rest}`;

  describe.skipIf(absent)(`reading the state${absent ? ` (skipped: ${absent})` : ''}`, () => {
    test('all active grants show in the order of the file, three of them, and how many more', () => {
      scene.writeState(
        line(-4000, 'g1 aws-prod admin high overdue'),
        line(1190, 'g2 staging read low active'),
        line(7290, 'g3 prod-db write high active'),
        line(7300, 'g4 repos push medium active'),
        line(-5, 'g5 gone read low active'),
        line(7400, 'g6 more read medium active'),
      );
      expect(shown()).toBe('aws-prod:admin! OVERDUE, staging:read 20m, prod-db:write! 2h1m, +2');
    });

    test('the own grant comes first', () => {
      scene.writeState(
        line(1190, 'g2 staging read low active'),
        line(1195, 'g3 staging write low active'),
        line(1196, 'g4 staging own low active'),
        line(2390, 'gown prod-db write high active'),
      );
      const text = 'prod-db:write! 40m, staging:read 20m, staging:write 20m, +1';
      expect(shown(ownGrant(scene.now + 2390))).toBe(text);
    });

    test('a line of the older format counts as medium and active', () => {
      scene.writeState(line(1190, 'g2 staging read'));
      expect(shown()).toBe('staging:read 20m');
    });

    test('without a file, with an empty one and with nothing active nothing shows', () => {
      const inherited = { JIT_PROMPT: 'of an outer shell' };
      expect(shown(inherited)).toBe('none');
      writeFileSync(scene.stateFile, '');
      expect(shown(inherited)).toBe('none');
      scene.writeState(line(-1, 'g2 staging read low active'));
      expect(shown(inherited)).toBe('none');
      expect(rendered()).toBe('> ');
    });

    test('risk and urgency have colours, and the risk has a mark, too', () => {
      scene.writeState(line(1190, 'g2 staging read low active'), line(1190, 'g3 repos push medium active'));
      expect(rendered()).toMatch(/\[\S*ESC\[32m\S*staging:read 20m.*, .*ESC\[36m\S*repos:push 20m.*\] > $/);
      scene.writeState(line(1190, 'g2 prod-db write high active'), line(250, 'g3 repos push medium active'));
      expect(rendered()).toMatch(/ESC\[1m?.*35m\S*prod-db:write! 20m.*, .*ESC\[33m\S*repos:push 5m.*\] > $/);
      scene.writeState(line(50, 'g2 staging read low active'), line(1, 'g3 repos push high overdue'));
      const text = rendered();
      expect(text).toMatch(/ESC\[1m?.*31m\S*staging:read \d\ds/);
      expect(text).toMatch(/41m.*repos:push! OVERDUE/);
    });

    test('NO_COLOR and a dumb terminal get text, JIT_PROMPT_INJECT=0 gets the variable alone', () => {
      scene.writeState(line(1190, 'g2 staging read low active'));
      expect(rendered({ NO_COLOR: '1' })).toBe('[staging:read 20m] > ');
      expect(rendered({ TERM: 'dumb' })).toBe('[staging:read 20m] > ');
      expect(rendered({ JIT_PROMPT_INJECT: '0' })).toBe('> ');
      expect(shown({ JIT_PROMPT_INJECT: '0' })).toBe('staging:read 20m');
    });

    test('an own grant whose credential is not gone has ended here, and says what is overdue', () => {
      scene.writeState(line(-5, 'gown prod-db write high overdue'), line(1190, 'g2 staging read low active'));
      const { stdout, stderr } = ask(ownGrant(scene.now - 5), prompt, 'env | grep DATABASE_URL || echo gone');
      expect(stdout).toBe('gone\nJIT_PROMPT=jit ended, prod-db:write! OVERDUE, staging:read 20m\n');
      expect(stderr).toMatch(/^\n?jit: prod-db:write has ended; .* Type "exit" to leave\.\n$/);
    });

    test('the file that tells jit that the hook runs is made, and none that holds something is touched', () => {
      const ready = `${scene.folder}/ready`;
      ask({ JIT_READY: ready });
      expect(readFileSync(ready, 'utf8')).toBe('');
      writeFileSync(ready, 'precious');
      ask({ JIT_READY: ready });
      expect(readFileSync(ready, 'utf8')).toBe('precious');
    });

    test('a grant in use is left by "jit drop"', () => {
      scene.writeState();
      const { stdout, stderr } = ask({ ...ownGrant(scene.now + 900), JIT_USE: '1' });
      expect(stdout).toBe('JIT_PROMPT=jit ended\n');
      expect(stderr).toMatch(/Type "jit drop" to leave\.\n$/);
    });

    test('a grant in use in the shell around this one is left there', () => {
      scene.writeState();
      const own = { ...ownGrant(scene.now + 900), JIT_USE: '1', JIT_USE_PID: '1' };
      expect(ask(own).stderr).toMatch(/Type "exit" and then "jit drop" to leave\.\n$/);
      expect(ask({ ...own, JIT_USE_PID: '(' }).stderr).toMatch(
        /Type "exit" and then "jit drop" to leave\.\n$/,
      );
      // At once: the hook looks before each command, too.
      const inUse = {
        bash: 'export JIT_USE_PID=$$ JIT_GRANT_STATE=active',
        zsh: 'export JIT_USE_PID=$$ JIT_GRANT_STATE=active',
        fish: 'set -gx JIT_USE_PID $fish_pid; set -gx JIT_GRANT_STATE active',
      }[shell];
      const { stderr } = ask({ ...own, JIT_GRANT_STATE: '' }, inUse);
      expect(stderr).toMatch(/ Type "jit drop" to leave\.\n$/);
    });

    test('without a file the own grant shows as it was handed out, whatever its name', () => {
      const env = { ...ownGrant(scene.now + 1190), JIT_TARGET: '$(touch pwned)`x`%n!\\', JIT_RISK: 'low' };
      expect(shown(env)).toBe('__touch_pwned__x__n__:write 20m');
      expect(rendered({ ...env, NO_COLOR: '1' })).toBe('[__touch_pwned__x__n__:write 20m] > ');
    });

    test('an extension moves the end that holds when the broker is gone', () => {
      scene.writeState(line(1190, 'gown prod-db write high active'));
      const { stdout } = ask(ownGrant(scene.now - 1), prompt, `command rm ${scene.stateFile}`);
      expect(stdout).toBe('JIT_PROMPT=prod-db:write! 20m\n');
    });

    /** What is said with `left` seconds left: at most two have gone by, or it counts for nothing and is asked again. */
    const ends = (left: number, env: Record<string, string>, length = 1000) => {
      for (;;) {
        const now = Math.floor(Date.now() / 1000);
        scene.writeState(`${now + left} gown prod-db write high active`);
        const own = { ...ownGrant(now + left), JIT_NOW: String(now + left - length), ...env };
        const said = visible(scene.run(shell, [prompt, prompt], own).stderr.trim());
        if (Date.now() / 1000 < now + 3) return said;
      }
    };

    test('warnings come as JIT_WARN says, the last with advice, each once, and the bell on demand', () => {
      const env = { JIT_WARN: '100 50 20', JIT_EXTEND: '10m', JIT_NOTIFY: 'terminal' };
      expect(ends(150, env)).toBe('');
      expect(ends(95, env)).toMatch(/^jit: prod-db:write ends in 2m$/);
      expect(ends(45, env)).toMatch(/^jit: prod-db:write ends in \d\ds$/);
      const last = /^jit: prod-db:write ends in \d\ds - "jit extend --for 10m" or finish up\.$/;
      expect(ends(18, env)).toMatch(last);
      expect(ends(18, { ...env, JIT_NOTIFY: 'terminal bell' })).toMatch(/finish up\.BEL$/);
      expect(ends(18, { ...env, JIT_WARN: '' })).toBe('');
      expect(ends(18, { ...env, JIT_WARN: 'a[$(touch\tpwned)] 20' })).toMatch(last);
      expect(ends(250, {})).toMatch(/ends in 5m$/);
    });

    test('in a short grant they come as early as the broker says', () => {
      const warn = [300, 60, 30];
      for (const whole of [60, 95, 200, 400, 599]) {
        const due = warningsFor(
          whole * 1000,
          warn.map((seconds) => seconds * 1000),
        ).map((ms) => Math.ceil(ms / 1000));
        for (const [n, seconds] of due.entries()) {
          const env = { JIT_WARN: warn.join(' ') };
          expect(ends(seconds, env, whole), `${whole}: ${seconds}`).toMatch(
            n === due.length - 1 ? /finish up\.$/ : /ends in \w+$/,
          );
        }
        expect(ends((due[0] ?? 0) + 3, { JIT_WARN: warn.join(' ') }, whole)).toBe('');
      }
    });

    test('a file that cannot be one of the broker is read as none, and holds nobody up', () => {
      const file = scene.stateFile;
      const good = line(1190, 'g2 staging read low active');
      execFileSync('mkfifo', [file]);
      expect(shown()).toBe('none');
      rmSync(file);
      mkdirSync(file);
      expect(shown()).toBe('none');
      rmSync(file, { recursive: true });
      writeFileSync(file, `${'9'.repeat(1_000_000)}\n${good}\n\u0000\n${'x y\n'.repeat(20)}`);
      expect(shown()).toBe('staging:read 20m');
      writeFileSync(file, Buffer.from(`${scene.now + 900} g1 \xff\xfe read low active\n${good}\n`, 'latin1'));
      expect(shown({ LC_ALL: 'C.UTF-8' })).toBe('staging:read 20m');
      expect(shown({ LC_ALL: 'POSIX' })).toBe('staging:read 20m');
      if (process.geteuid?.() === 0) {
        chownSync(file, 65534, 65534);
        chmodSync(file, 0o644);
        expect(shown()).toBe('none');
      }
    });

    test('a file that cannot be one of the broker says nothing about the own grant, which lasts as long as was told', () => {
      const file = scene.stateFile;
      const own = { ...ownGrant(scene.now + 1190), JIT_DROP: 'TOKEN', TOKEN: 'planted' };
      const state = 'echo "$JIT_GRANT_STATE $TOKEN"';
      const stays = (env: Record<string, string>) => {
        const { stdout, stderr } = ask(env, prompt, state);
        expect(stderr).not.toContain('has ended');
        return stdout;
      };
      execFileSync('mkfifo', [file]);
      expect(stays(own)).toBe('active planted\nJIT_PROMPT=prod-db:write! 20m\n');
      rmSync(file);
      mkdirSync(file);
      expect(stays(own)).toBe('active planted\nJIT_PROMPT=prod-db:write! 20m\n');
      rmSync(file, { recursive: true });
      if (process.geteuid?.() === 0) {
        writeFileSync(file, `jit1 3\n${line(7290, 'gown prod-db write high active')}\n`, { mode: 0o644 });
        chownSync(file, 65534, 65534);
        expect(stays(own)).toBe('active planted\nJIT_PROMPT=prod-db:write! 20m\n');
        writeFileSync(file, 'jit1 3\n');
        expect(stays(own)).toBe('active planted\nJIT_PROMPT=prod-db:write! 20m\n');
        const over = ask({ ...own, JIT_GRANT_EXP: String(scene.now - 1) }, prompt, state);
        expect(over.stdout).toBe('ended \nJIT_PROMPT=jit ended\n');
      }
      rmSync(file, { force: true });
      writeFileSync(file, 'jit1 3\n');
      expect(ask(own, prompt, state).stdout).toBe('ended \nJIT_PROMPT=jit ended\n');
    });
  });
});
