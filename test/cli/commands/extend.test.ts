import { describe, expect, it } from 'vitest';
import { jit } from '../harness.ts';

describe('jit extend', () => {
  it('asks for a later deadline and tells it', async () => {
    const ran = await jit(['extend', 'g7f3', '--for', '1h', '--reason', 'restore still runs']);
    expect(ran.client.asked('extend')).toEqual([
      { grant: 'g7f3', duration: 3_600_000, reason: 'restore still runs' },
    ]);
    expect(ran.stdout).toMatch(/^extended g7f3k2 \(prod-db:read\) until \d\d:\d\d \(1h\)\n$/);
  });

  it('means the grant around this shell when none is named', async () => {
    const ran = await jit(['extend', '--for', '30m'], { env: { JIT_GRANT_ID: 'garound' } });
    expect(ran.client.asked('extend')).toEqual([{ grant: 'garound', duration: 1_800_000, reason: null }]);
  });
});
