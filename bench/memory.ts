// Memory of the idle broker: just started, and after it has decided by the policy. Linux only.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Scene } from '../src/demo/scene.ts';

/** Resident megabytes. */
export async function benchMemory(scene: Scene, jit: string): Promise<{ before: number; after: number }> {
  const run = (...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [jit, ...args], {
      env: scene.env,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`jit ${args.join(' ')} ended with ${status}: ${stderr}`);
    return stdout;
  };
  run('broker', 'start');
  const { pid } = JSON.parse(run('broker', 'status', '--json')) as { pid: number };
  await delay(1_000);
  const before = residentMegabytes(pid);
  for (let round = 0; round < 5; round += 1) run('elevate', 'orders-db:read', '--for', '5m', '--', 'true');
  await delay(1_000);
  return { before, after: residentMegabytes(pid) };
}

function residentMegabytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}
