import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/system/clock.ts';

describe('systemClock', () => {
  it('counts from a boot that keeps its name', () => {
    expect(systemClock.bootId).toMatch(/^[0-9a-z-]{8,}$/);
    const before = systemClock.sinceBoot();
    expect(systemClock.sinceBoot()).toBeGreaterThanOrEqual(before);
  });

  it('calls back once, not before a delay of 2^31 milliseconds and more, and not after being cancelled', async () => {
    const calls: string[] = [];
    const cancelLong = systemClock.after(2 ** 40, () => calls.push('long'));
    systemClock.after(1, () => calls.push('cancelled'))();
    await new Promise<void>((resolve) => {
      const keep = setInterval(() => undefined, 1000);
      systemClock.after(5, () => {
        calls.push('due');
        clearInterval(keep);
        resolve();
      });
    });
    cancelLong();
    expect(calls).toEqual(['due']);
  });

  it('does not keep the process alive', () => {
    const text = `(await import(${JSON.stringify(path.resolve('src/system/clock.ts'))})).systemClock.after(1e9, () => {});`;
    const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', text], { timeout: 20_000 });
    expect(status).toBe(0);
  });
});
