import { expect, test } from 'vitest';
import { createFakeClient, fakeGrant, fakeLease, fakeNow } from '../../fakes/client.ts';
import { jit } from '../harness.ts';

const gone = fakeGrant({ state: 'ended', leases: [fakeLease({ state: 'revoked' })] });
const staying = fakeGrant({
  id: 'gstays',
  state: 'ended',
  leases: [fakeLease({ state: 'revoking', irrevocableUntil: fakeNow + 600_000 })],
});
const overdue = fakeGrant({ id: 'glate', state: 'ended', leases: [fakeLease({ state: 'overdue' })] });

const cleaning = (reply: Partial<Record<'revoked' | 'ending' | 'overdue', (typeof gone)[]>>) =>
  createFakeClient({ cleanup: async () => ({ revoked: [], ending: [], overdue: [], ...reply }) });

test('says what it took back, of which run, and exits with 0', async () => {
  const ran = await jit(['ci', 'cleanup'], {
    client: cleaning({ revoked: [gone] }),
    env: { CI_JOB_ID: '302' },
  });
  expect(ran.code).toBe(0);
  expect(ran.stdout).toMatch(/^revoked g7f3k2 \(prod-db:read\)\n$/);
  expect(ran.client.asked('cleanup')).toEqual([{ run: 'gitlab//302', timeout: 30_000 }]);
});

test('says that nothing was left', async () => {
  expect(await jit(['ci', 'cleanup'], { client: cleaning({}) })).toMatchObject({
    code: 0,
    stdout: 'nothing was left open\n',
    stderr: '',
  });
});

test('exits with 1 for what cannot be withdrawn, and says when it ends by itself', async () => {
  const ran = await jit(['ci', 'cleanup'], { client: cleaning({ revoked: [gone], ending: [staying] }) });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(
    /gstays .* has ended, but its credential cannot be withdrawn; ends at \d\d:\d\d/,
  );
});

test('exits with 1 for what could not be taken back, and says how to try again', async () => {
  const ran = await jit(['ci', 'cleanup', '--for', '5m'], { client: cleaning({ overdue: [overdue] }) });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain('run this again: jit ci cleanup');
  expect(ran.client.asked('cleanup')).toMatchObject([{ timeout: 60_000 }]);
});
