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

  it('takes how long the grant of this shell can go on when no length is given', async () => {
    const env = { JIT_GRANT_ID: 'garound', JIT_EXTEND: '1h30m' };
    const ran = await jit(['extend'], { env });
    expect(ran.client.asked('extend')).toEqual([{ grant: 'garound', duration: 5_400_000, reason: null }]);
    const named = await jit(['extend', 'garound', '--reason', 'more'], { env });
    expect(named.client.asked('extend')).toMatchObject([{ grant: 'garound', duration: 5_400_000 }]);
    const other = await jit(['extend', '--for', '5m'], { env });
    expect(other.client.asked('extend')).toMatchObject([{ grant: 'garound', duration: 300_000 }]);
  });

  it('says of a shell whose grant has ended how to go on, instead of asking for a length', async () => {
    const ended = { JIT_GRANT_ID: 'garound', JIT_GRANT_STATE: 'ended' };
    const ran = await jit(['extend'], { env: ended });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toBe(
      'jit: error: the grant of this shell has ended and cannot be extended\njit: hint: exit, and then: jit elevate …\n',
    );
    const used = await jit(['extend'], { env: { ...ended, JIT_USE: '1' } });
    expect(used.stderr).toContain('jit: hint: jit drop, and then: jit use …\n');
    const other = await jit(['extend', 'g7f3', '--for', '1h'], { env: ended });
    expect(other.client.asked('extend')).toMatchObject([{ grant: 'g7f3' }]);
  });

  it.each([
    ['another grant', ['g7f3'], { JIT_GRANT_ID: 'garound', JIT_EXTEND: '15m' }],
    ['a shell that was told no length', [], { JIT_GRANT_ID: 'garound' }],
    ['a length that nobody would say', [], { JIT_GRANT_ID: 'garound', JIT_EXTEND: '$(reboot)' }],
    ['no grant around it', [], { JIT_EXTEND: '15m' }],
  ])('needs a length for %s', async (_what, args, env) => {
    const ran = await jit(['extend', ...args], { env });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('"jit extend" needs "--for"');
    expect(ran.client.asked('extend')).toEqual([]);
  });
});
