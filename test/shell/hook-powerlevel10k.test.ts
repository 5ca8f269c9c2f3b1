// The segment for powerlevel10k, with a stand-in for the theme: its `p10k` prints what the segment asks for.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { missing } from '../support/tmux.ts';
import { type HookScene, makeHookScene } from './hook-run.ts';

let scene: HookScene;
beforeEach(() => {
  scene = makeHookScene();
});
afterEach(() => scene.remove());

const absent = missing('zsh');
const standIn = [`p10k() { print -r -- p10k \${(q-)@} }`, `POWERLEVEL9K_LEFT_PROMPT_ELEMENTS=(dir vcs)`];

test.skipIf(absent)(
  `under powerlevel10k each grant is a segment, and PROMPT is left to the theme${absent ? ` (skipped: ${absent})` : ''}`,
  () => {
    scene.writeState(
      `${scene.now - 5} g1 aws-prod admin high overdue`,
      `${scene.now + 1190} g2 staging read low active`,
    );
    const { stdout } = scene.run('zsh', [
      ...standIn,
      '_jit_precmd',
      'print -r -- $POWERLEVEL9K_LEFT_PROMPT_ELEMENTS',
      'prompt_jit',
      'print -r -- "prompt=$PROMPT"',
    ]);
    expect(stdout.trimEnd().split('\n')).toEqual([
      'p10k reload',
      'jit dir vcs',
      `p10k segment -b red -f white -t 'aws-prod:admin! OVERDUE'`,
      `p10k segment -f green -t 'staging:read 20m'`,
      'prompt=>',
    ]);
  },
);

test.skipIf(absent)(
  `where no elements are set the theme's own stay${absent ? ` (skipped: ${absent})` : ''}`,
  () => {
    const { stdout } = scene.run('zsh', [
      'p10k() { : }',
      '_jit_precmd',
      'print -r -- $POWERLEVEL9K_LEFT_PROMPT_ELEMENTS',
    ]);
    expect(stdout).toBe('jit context dir vcs\n');
  },
);
