// What only the prompt hook of fish has to mind: variables of all its sessions, and signals to a parent that is not its own.

import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { missing } from '../support/tmux.ts';
import { type HookScene, makeHookScene, ownGrant } from './hook-run.ts';

const hook = path.join(import.meta.dirname, '../../completions/jit.fish');
const absent = missing('fish');

let scene: HookScene;
beforeEach(() => {
  scene = makeHookScene();
});
afterEach(() => scene.remove());

describe.skipIf(absent)(`the hook of fish${absent ? ` (skipped: ${absent})` : ''}`, () => {
  test('a universal variable does not take the place of a secret that has ended', () => {
    const inner = path.join(scene.folder, 'inner.fish');
    const lines = [
      'set -Ux DATABASE_URL other-identity',
      `source ${hook}`,
      '_jit_on_prompt',
      'env | grep DATABASE_URL',
    ];
    writeFileSync(inner, lines.join('\n'));
    scene.writeState();
    // Without the files of a user a variable that is to be universal is only global.
    const { stdout } = scene.run(
      'fish',
      ['set -e JIT_PROMPT', `command fish -i ${inner}`],
      ownGrant(scene.now + 900),
    );
    expect(stdout).toBe('DATABASE_URL=\n');
  });

  test('suspend stops no process that is not its parent, whatever JIT_PARENT says', () => {
    const stranger = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    try {
      const { stdout } = scene.run('fish', [
        'set -e _JIT_LOADED',
        `set -gx JIT_PARENT ${stranger.pid}`,
        `set -gx JIT_PARENT_GROUP ${stranger.pid}`,
        "function suspend; echo 'the own one'; end",
        `source ${hook}`,
        'suspend',
      ]);
      expect(stdout).toBe('the own one\n');
      expect(execFileSync('ps', ['-o', 'stat=', '-p', String(stranger.pid)], { encoding: 'utf8' })).toMatch(
        /^S/,
      );
    } finally {
      stranger.kill('SIGKILL');
    }
  });
});
