// A signal that comes while a prompt hook is looking: what it tells of must not be lost, nor mixed with what was read before.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { missing } from '../support/tmux.ts';
import { type HookScene, type HookShell, hookShellNames, hookShells, makeHookScene } from './hook-run.ts';

let scene: HookScene;
beforeEach(() => {
  scene = makeHookScene();
});
afterEach(() => scene.remove());

/** Each puts a `_jit_look` in place of the real one that first has the file changed and the signal sent, once. */
const disturbed: Readonly<Record<HookShell, readonly string[]>> = {
  bash: [
    'source <(declare -f _jit_look | sed "1s/_jit_look/_jit_really_look/")',
    '_jit_look() { if [ -e next ]; then mv next "$JIT_STATE_FILE"; kill -URG $$; fi; _jit_really_look "$@"; }',
  ],
  zsh: [
    'functions[_jit_really_look]=$functions[_jit_look]',
    '_jit_look() { if [[ -e next ]]; then command mv next $JIT_STATE_FILE; kill -URG $$; fi; _jit_really_look "$@" }',
  ],
  fish: [
    'functions -c _jit_look _jit_really_look',
    'function _jit_look; if test -e next; command mv next $JIT_STATE_FILE; kill -URG $fish_pid; true; end; _jit_really_look $argv; end',
  ],
};

describe.each(hookShellNames)('%s', (shell) => {
  const absent = missing(shell);
  test.skipIf(absent)(
    `a change that is told during a look shows at this very prompt, each grant once${absent ? ` (skipped: ${absent})` : ''}`,
    () => {
      const { prompt } = hookShells[shell];
      const line = (left: number, rest: string) => `${scene.now + left} ${rest}\n`;
      scene.writeState(line(1190, 'g2 staging read low active').trim());
      const next = `jit1 3\n${line(1190, 'g2 staging read low active')}${line(2390, 'g3 repos push low active')}`;
      writeFileSync(path.join(scene.folder, 'next'), next, { mode: 0o600 });
      const { stdout } = scene.run(shell, [
        ...disturbed[shell],
        prompt,
        'echo "shown=$JIT_PROMPT"',
        'test -e next; echo "left=$?"'.replace('$?', shell === 'fish' ? '$status' : '$?'),
      ]);
      expect(stdout).toContain('shown=staging:read 20m, repos:push 40m\n');
      expect(stdout).toContain('left=1');
    },
  );
});
