// A real broker, killed with a lease on a real PostgreSQL, and its log damaged before the next one starts: the lease goes,
// nothing is issued, everybody says why, and a fork goes on.

import { expect, test } from 'vitest';
import { damage } from '../support/damage.ts';
import { loginOf } from '../support/login.ts';
import { wish } from '../support/request.ts';
import { serve } from '../support/served.ts';
import { until } from '../support/until.ts';

const served = serve();

test.each([
  ['the newest checkpoint is garbled', 'its newest checkpoint cannot be read'],
  ['the newest checkpoint is signed by another key', 'it does not fit its newest checkpoint'],
  ['the body of the last event is changed', 'does not match its hash'],
  ['the last event is another one', 'it does not fit its newest checkpoint'],
])(
  'where %s, the lease of the last broker is taken back, nothing is issued, and a fork goes on',
  async (what, told) => {
    const { server, world } = served;
    const issue = () => world.jit('elevate', 'orders-db:read', '--for', '1m', '--', 'true');
    const roles = async (name: string) => server.sql(`SELECT 1 FROM pg_roles WHERE rolname = '${name}'`);
    const client = await world.client();
    const { env } = await client.elevate(wish({ role: 'write', duration: 300_000 }));
    const { user } = loginOf(env);
    expect(await roles(user)).toHaveLength(1);
    process.kill((await client.hello()).pid, 'SIGKILL');
    await until(async () => expect((await world.jit('broker', 'status')).code).toBe(7));
    damage(world.paths.database, what);

    const status = await world.jit('status');
    expect(status.stdout).toMatch(/^AUDIT LOG NOT SIGNED: the audit log is damaged, so nothing is issued: /);
    expect(status.stdout).toContain(told);
    await until(async () => expect(await roles(user)).toEqual([]));
    const refused = await issue();
    expect(refused).toMatchObject({ code: 125, stdout: '' });
    expect(refused.stderr).toContain(told);
    expect(refused.stderr).toContain('jit: hint: jit audit verify, then jit audit fork --reason "…"');
    expect(await world.jit('revoke', '--all')).toMatchObject({ code: 0 });
    expect(await world.jit('doctor')).toMatchObject({ code: 1, stdout: expect.stringContaining(told) });
    expect((await world.jit('audit', 'verify')).code).toBe(1);
    expect((await world.jit('audit', 'log', '--since', '1h')).stdout).toContain('lease.revoked');

    const forked = await world.jit('audit', 'fork', '--reason', 'the disk was faulty', '--yes');
    expect(forked.code, forked.stderr).toBe(0);
    expect((await issue()).code).toBe(0);
    await world.jit('broker', 'stop');
    await until(async () => expect((await world.jit('broker', 'status')).code).toBe(7));
    expect((await issue()).code).toBe(0);
    expect((await world.jit('status')).stdout).not.toContain('AUDIT LOG');
    // Whatever is told of the logs before it, the new one is whole.
    const verified = (await world.jit('audit', 'verify')).stdout.match(/^jit\S+: .*$/gm) ?? [];
    expect(verified.at(-1)).toMatch(/\/\d: (valid, )?\d+ events, all signed/);
  },
);
