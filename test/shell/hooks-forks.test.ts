// A prompt starts no process: counted by strace, for a prompt whose text stays and for one whose text changes.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { countForks } from '../../bench/prompt-forks.ts';
import { missing } from '../support/tmux.ts';
import {
  type HookScene,
  type HookShell,
  hookShellNames,
  hookShells,
  makeHookScene,
  ownGrant,
} from './hook-run.ts';

let scene: HookScene;
beforeEach(() => {
  scene = makeHookScene();
});
afterEach(() => scene.remove());

const path = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };
const traced =
  countForks(['sh', '-c', '(:); (:); :'], path) === 2 ? null : 'strace is missing or may not look';
/** Before fish 3.5 the time is one fork. */
const isOld = (shell: HookShell) =>
  shell === 'fish' && scene.run('fish', ['builtin -q path; or echo old']).stdout.includes('old');

for (const shell of hookShellNames) {
  const reason = missing(shell) ?? traced;
  test.skipIf(reason)(
    `a prompt of ${shell} makes no fork${reason ? ` (skipped: ${reason})` : ''}`,
    (context) => {
      if (isOld(shell)) context.skip('fish before 3.5 has no clock of its own');
      scene.writeState(
        `${scene.now + 1190} gown prod-db write high active`,
        `${scene.now + 40} gother staging read low active`,
      );
      const { prompt } = hookShells[shell];
      const anew = shell === 'fish' ? 'set -g _JIT_KEY' : '_JIT_KEY=';
      const forks = (prompts: number) => {
        const commands = Array.from({ length: prompts }, () => [prompt, anew, prompt]).flat();
        const { command, env } = scene.commandLine(shell, commands, ownGrant(scene.now + 1190));
        return countForks(command, env);
      };
      const few = forks(1);
      expect(few).not.toBeNull();
      expect(forks(6)).toBe(few);
    },
  );
}
