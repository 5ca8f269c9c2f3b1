// What the files of a user and names from outside can do to the prompt hooks: the other settings, one by one.

import { describe, test } from 'vitest';
import { missing } from '../support/tmux.ts';
import { hostileShells, playHostile } from './hostile.ts';
import { useStage } from './stage.ts';

const stage = useStage();

describe.each(hostileShells)('$shell', (one) => {
  const absent = missing('tmux', one.shell);
  const odd = one.odd.filter(({ quick }) => !quick);

  describe.skipIf(absent)(`under the user's settings${absent ? ` (skipped: ${absent})` : ''}`, () => {
    test.each(odd)('$what: shown, kept, taken away', (settings) => playHostile(stage, one, settings));
  });
});
