// The demonstration as a process: what it promises is that it leaves nothing behind, however it ends.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { processesMentioning } from '../support/processes.ts';

const jit = path.join(import.meta.dirname, '../../bin/jit.js');

/** Plays until `until` is told, then sends `signal`; without, to the end. */
async function play(until?: string, signal: NodeJS.Signals = 'SIGTERM') {
  const child = spawn(process.execPath, [jit, 'demo'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let story = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      story += String(chunk);
      if (until !== undefined && story.includes(until)) child.kill(signal);
    });
  }
  const [code] = await once(child, 'close');
  return { code: code as number, story, folder: /runs in (\S+),/.exec(story)?.[1] ?? 'nowhere' };
}

it('plays to its end', { timeout: 60_000 }, async () => {
  const { code, story, folder } = await play();
  expect(story).toContain('all of it took');
  expect(code).toBe(0);
  expect(existsSync(folder)).toBe(false);
});

it('leaves nothing behind when it is interrupted in the middle of a grant', { timeout: 60_000 }, async () => {
  const { code, folder } = await play('meanwhile, what the server knows', 'SIGINT');
  expect(code).toBe(130);
  expect(existsSync(folder)).toBe(false);
  expect(await processesMentioning(folder)).toEqual([]);
});

it('refuses a shell without a terminal', async () => {
  const child = spawn(process.execPath, [jit, 'demo', '--shell'], { stdio: ['ignore', 'pipe', 'pipe'] });
  expect(await once(child, 'close')).toEqual([2, null]);
});
