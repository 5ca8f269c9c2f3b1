// What fish 4 asks of the terminal's keys at its prompt, and cannot take back when it is killed.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { noFish4, putFish4First } from '../support/fish4.ts';
import { missing } from '../support/tmux.ts';
import { until } from '../support/until.ts';
import { useStage } from './stage.ts';

const absent = noFish4 ?? missing('tmux');

describe.skipIf(absent)(`the keys of the terminal${absent ? ` (skipped: ${absent})` : ''}`, () => {
  putFish4First();
  const stage = useStage();

  test('they are as before when a fish that does not heed SIGHUP has been killed at its prompt', async () => {
    const file = path.join(stage.scene.home, '.config/fish/config.fish');
    mkdirSync(path.dirname(file), { recursive: true });
    const prompt = `set -g fish_greeting; function fish_prompt; echo -n 'inner> '; end`;
    writeFileSync(file, `${prompt}\nfunction deaf --on-signal HUP; echo deaf; end\n`);
    const closed = { command: null, shell: 'fish', graceMs: 1_000, terms: { onEnd: 'close' } } as const;
    const screen = await stage.start(closed);
    await screen.waitFor(/^\[prod-db:write \d+m\] inner> $/m);
    // tmux tells of the keypad alone; fish changes it together with the rest.
    await until(async () => expect(await screen.ask('#{keypad_flag}')).toBe('1'));
    await stage.scene.endGrant();
    await screen.waitFor(/^exit=124/m);
    expect(await screen.screen()).toMatch(/inner> deaf$/m);
    expect(await screen.ask('#{keypad_flag}')).toBe('0');
    expect(stage.scene.result()).toEqual({ exitCode: 124, grantEnded: true });
  });
});
