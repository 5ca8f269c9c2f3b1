import { describe, expect, it } from 'vitest';
import { JitError } from '../../../src/core/errors.ts';
import { createFakeClient } from '../../fakes/client.ts';
import { jit } from '../harness.ts';

const nobody = new JitError('ERR_BROKER_UNREACHABLE', 'no broker answers');

describe('jit broker', () => {
  it('start makes sure that one runs', async () => {
    const ran = await jit(['broker', 'start']);
    expect(ran.connects).toEqual([{ config: null, start: true }]);
    expect(ran.stdout).toBe('broker 0.1.0 runs as process 4711\n');
  });

  it('status starts none, and ends with 7 when none runs', async () => {
    const ran = await jit(['broker', 'status'], { client: nobody });
    expect(ran.connects).toEqual([{ config: null, start: false }]);
    expect([ran.code, ran.stderr]).toEqual([7, '']);
    const json = await jit(['broker', 'status', '--json'], { client: nobody });
    expect(JSON.parse(json.stdout)).toEqual({ schema: 1, running: false });
  });

  it('status shows process, configuration and hardening', async () => {
    const { stdout } = await jit(['broker', 'status']);
    expect(stdout).toMatch(/^process +4711$/m);
    expect(stdout).toMatch(/^memory +unreadable to others$/m);
  });

  it('stop is content when none runs', async () => {
    expect(await jit(['broker', 'stop'], { client: nobody })).toMatchObject({
      code: 0,
      stdout: 'no broker runs\n',
    });
  });

  it('stop fails when something is left open', async () => {
    const client = createFakeClient({ stop: async () => ({ revoked: 1, overdue: 2, ending: 0 }) });
    const ran = await jit(['broker', 'stop'], { client });
    expect([ran.code, ran.stdout]).toEqual([1, 'broker stopped, 1 revoked\n']);
    expect(ran.stderr).toContain('2 could not be revoked yet');
  });

  it('stop tells apart what cannot be withdrawn', async () => {
    const client = createFakeClient({ stop: async () => ({ revoked: 0, overdue: 0, ending: 1 }) });
    const ran = await jit(['broker', 'stop'], { client });
    expect([ran.code, ran.stdout]).toEqual([1, 'broker stopped, 0 revoked\n']);
    expect(ran.stderr).toContain('1 cannot be withdrawn and ends without a broker');
    expect(ran.stderr).not.toContain('could not be revoked');
  });

  it('run hands over to the broker itself', async () => {
    const configs: (string | null)[] = [];
    const runBroker = async (config: string | null) => {
      configs.push(config);
    };
    const ran = await jit(['broker', 'run', '--config', 'x.yaml'], { offline: { runBroker } });
    expect([ran.code, configs, ran.connects]).toEqual([0, ['x.yaml'], []]);
  });
});
