import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { elevate } from '../../src/broker/elevate.ts';
import { preview } from '../../src/broker/preview.ts';
import { endGrant } from '../../src/broker/revocation.ts';
import { JitError } from '../../src/core/errors.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';
import { until } from '../support/until.ts';

let world: TestBroker;
beforeEach(() => {
  world = createTestBroker();
});
afterEach(() => world.remove());

const issuing = ['grant.requested', 'grant.approved', 'lease.intent', 'lease.issued', 'lease.handed_out'];

describe('an allowed request', () => {
  test('is recorded step by step before the credential is handed out', async () => {
    const { grant, env } = await elevate(world.broker, ada, request());
    expect(world.types().slice(-5)).toEqual(issuing);
    expect(grant).toMatchObject({ state: 'active', target: 'fake-db', role: 'read', entitlement: 'read' });
    expect(grant.leases).toMatchObject([{ state: 'active', name: [...world.target.live.keys()][0] }]);
    expect(env['FAKE_USER']).toBe([...world.target.live.keys()][0]);
  });

  test('is approved for the whole time that was asked for, however long the decision took', async () => {
    const { clock } = world.broker;
    const now = clock.now.bind(clock);
    let looked = 0;
    const ticking = vi.spyOn(clock, 'now').mockImplementation(() => now() + looked++);
    await elevate(world.broker, ada, request({ duration: 600_000 }));
    ticking.mockRestore();
    const approved = world.store.events().find(({ body }) => body.type === 'grant.approved');
    expect(looked).toBeGreaterThan(1);
    expect(approved?.body.data).toMatchObject({ duration_ms: 600_000 });
  });

  test('shows no end of the target before the deadline when the target only leaves out the parts of a second', async () => {
    const length = 30 * 60_000;
    for (const [early, shown] of [
      [700, 0],
      [1_700, 1_700],
    ] as const) {
      world.target.faults.expiresAfter = length - early;
      const { grant } = await elevate(world.broker, ada, request({ duration: length }));
      const [lease] = grant.leases;
      expect((lease?.deadline ?? 0) - (lease?.hardDeadline ?? 0)).toBe(shown);
    }
  });

  test('hands out the secret as a private file only', async () => {
    const { env } = await elevate(world.broker, ada, request());
    const file = env['FAKE_PASSFILE'] ?? '';
    expect(readFileSync(file, 'utf8')).toMatch(/^planted-fake_l/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
    expect(JSON.stringify(env)).not.toContain('planted');
    expect(env).not.toHaveProperty('FAKE_URL');
  });

  test('puts the secret into the environment when asked for by name, and the log says so', async () => {
    const { env } = await elevate(world.broker, ada, request({ export: 'url' }));
    expect(env['FAKE_URL']).toContain('planted');
    const handed = world.store.events().find(({ body }) => body.type === 'lease.handed_out');
    expect(handed?.body.data).toMatchObject({
      secrets: true,
      variables: expect.arrayContaining(['FAKE_URL']),
    });
    expect(Buffer.from(handed?.bytes ?? []).toString()).not.toContain('planted');
  });

  test('is refused before anything is made when the target has no such export, and told which it has', async () => {
    await expect(elevate(world.broker, ada, request({ export: 'env' }))).rejects.toMatchObject({
      code: 'ERR_USAGE',
      message: expect.stringContaining('reference, url'),
    });
    expect(world.target.issued).toEqual([]);
    expect(world.store.leases()).toEqual([]);
    expect(world.types()).not.toContain('grant.requested');
  });

  test('for a token, on a target that has none, makes nothing and names what there is', async () => {
    await expect(elevate(world.broker, ada, request({ export: 'token' }))).rejects.toMatchObject({
      code: 'ERR_UNSUPPORTED',
      hint: expect.stringContaining('jit env '),
    });
    expect(world.target.issued).toEqual([]);
    expect(world.store.leases()).toEqual([]);
  });

  test('says when an exported secret ends before the grant; one that is referred to is made anew', async () => {
    const provider = world.target.kind.open({} as never, {} as never);
    const { issue } = provider;
    provider.issue = async (handle, plan, signal) => ({
      ...(await issue(handle, plan, signal)),
      expiresAt: Date.parse('2026-11-22T12:00:30Z'),
    });
    const { notes } = await elevate(world.broker, ada, request({ export: 'url' }));
    expect(notes).toEqual(['what is exported ends in 30s, before the grant does']);
    expect((await elevate(world.broker, ada, request())).notes).toEqual([]);
  });

  test('says nothing of an exported secret whose end lacks only the part of a second that AWS does not tell', async () => {
    const provider = world.target.kind.open({} as never, {} as never);
    const { issue } = provider;
    provider.issue = async (handle, plan, signal) => ({
      ...(await issue(handle, plan, signal)),
      expiresAt: Math.floor(plan.deadline / 1000) * 1000,
    });
    world.clock.advance(400);
    const { grant, notes } = await elevate(world.broker, ada, request({ export: 'url' }));
    expect((grant.deadline ?? 0) % 1000).toBe(400);
    expect(notes).toEqual([]);
  });

  test('has its intent on disk, with all that revocation needs, while the target is asked', async () => {
    let seen: unknown;
    world.target.faults.duringIssue = () => {
      seen = world.store.leases({ states: ['intent'] });
    };
    await elevate(world.broker, ada, request());
    expect(seen).toMatchObject([{ state: 'intent', handle: { name: expect.stringMatching(/^fake_l/) } }]);
  });

  test('shows in the prompt-state file', async () => {
    const { grant } = await elevate(world.broker, ada, request());
    const seconds = Math.floor((grant.deadline ?? 0) / 1000);
    const text = readFileSync(world.broker.paths.promptState, 'utf8');
    expect(text).toBe(`jit1 3\n${seconds} ${grant.id} fake-db read high active\n`);
  });

  test('ends no later than the grant around it, and says so', async () => {
    const outer = await elevate(world.broker, ada, request({ duration: 60_000 }));
    const inner = await elevate(world.broker, ada, request({ duration: 600_000, parent: outer.grant.id }));
    expect(inner.grant.deadline).toBe(outer.grant.deadline);
    expect(inner.notes.join()).toContain(outer.grant.id);
  });
});

describe('a refused request', () => {
  test.each([
    ['too long', { duration: 2 * 3600_000 }, 'ERR_POLICY_DENIED', /1h/],
    ['without its reason', { role: 'write', reason: null }, 'ERR_POLICY_DENIED', /reason/],
    ['in need of approval', { role: 'admin' }, 'ERR_APPROVAL_PENDING', /approval/],
  ])('that is %s is recorded and issues nothing', async (_name, changes, code, message) => {
    const thrown = await elevate(world.broker, ada, request(changes)).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(JitError);
    expect(thrown).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(world.types().slice(-2)).toEqual(['grant.requested', 'grant.denied']);
    expect(world.target.issued).toEqual([]);
  });

  test.each([
    ['target', { target: 'fake-bd' }, /fake-db/],
    ['role', { role: 'raed' }, /read/],
    ['scope', { scope: 'eu' }, /jit targets/],
  ])('for an unknown %s names the nearest', async (_name, changes, hint) => {
    const thrown = await elevate(world.broker, ada, request(changes)).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: 'ERR_UNKNOWN_NAME', hint: expect.stringMatching(hint) });
  });

  test('from inside a grant that has ended issues nothing', async () => {
    const asking = elevate(world.broker, ada, request({ parent: 'gone' }));
    await expect(asking).rejects.toMatchObject({ code: 'ERR_CONFLICT' });
    expect(world.target.issued).toEqual([]);
  });

  test('by a stranger is denied by default', async () => {
    const mallory = { ...ada, principal: 'user:mallory' };
    const asking = elevate(world.broker, mallory, request());
    await expect(asking).rejects.toMatchObject({ code: 'ERR_POLICY_DENIED' });
  });
});

describe('when issuing fails', () => {
  test('a target that is down leaves a closed lease and a clear error', async () => {
    world.target.faults.unreachable = true;
    const asking = elevate(world.broker, ada, request());
    await expect(asking).rejects.toMatchObject({ code: 'ERR_TARGET_UNREACHABLE' });
    expect(world.broker.ledger.openLeases()).toEqual([]);
    expect(world.types().slice(-4)).toEqual(['grant.ended', 'lease.revoking', 'lease.step', 'lease.revoked']);
  });

  test('a lost answer is revoked by the name chosen before', async () => {
    world.target.faults.loseIssueAnswer = true;
    await expect(elevate(world.broker, ada, request())).rejects.toMatchObject({ code: 'ERR_INTERNAL' });
    expect(world.target.issued).toHaveLength(1);
    expect(world.target.live.size).toBe(0);
    expect(world.broker.ledger.openLeases()).toEqual([]);
  });

  test('an audit log that fails after issuing takes the credential back', async () => {
    const { store, broker } = world;
    const commit = store.commit.bind(store);
    let isFull = false;
    store.commit = (work, options) => {
      if (isFull) throw new JitError('ERR_AUDIT_UNAVAILABLE', 'the disk is full');
      return commit(work, options);
    };
    world.target.faults.duringIssue = () => {
      isFull = true;
    };
    await expect(elevate(broker, ada, request())).rejects.toMatchObject({ code: 'ERR_AUDIT_UNAVAILABLE' });
    expect(world.target.live.size).toBe(0);
    expect(broker.ledger.unwritten).toBeGreaterThan(0);
    // While entries wait in memory, nothing is issued.
    await expect(elevate(broker, ada, request())).rejects.toMatchObject({ code: 'ERR_AUDIT_UNAVAILABLE' });
    isFull = false;
    expect(broker.ledger.flush()).toBe(true);
    expect(world.types().slice(-1)).toEqual(['revoke.unaudited']);
    expect(store.leases()).toMatchObject([{ state: 'revoked' }]);
  });

  test('an audit log that fails before the intent asks the target for nothing', async () => {
    await world.broker.policy.current();
    world.store.commit = () => {
      throw new JitError('ERR_AUDIT_UNAVAILABLE', 'the disk is full');
    };
    await expect(elevate(world.broker, ada, request())).rejects.toMatchObject({
      code: 'ERR_AUDIT_UNAVAILABLE',
    });
    expect(world.target.issued).toEqual([]);
  });

  test('what is made after the grant was revoked is on record before it is taken back', async () => {
    const { broker, target, store } = world;
    let isAsked = false;
    target.faults.duringIssue = () => {
      isAsked = true;
      const [grant] = broker.ledger.activeGrants();
      void endGrant(broker, grant?.id ?? '', 'revoked');
    };
    await expect(elevate(broker, ada, request())).rejects.toMatchObject({ code: 'ERR_CONFLICT' });
    await until(() => expect(store.leases()).toMatchObject([{ state: 'revoked', attempts: 0 }]));
    expect({ isAsked, live: target.live.size }).toEqual({ isAsked: true, live: 0 });
    expect(world.types().slice(-2)).toEqual(['lease.step', 'lease.revoked']);
  });

  test('a caller that goes away meanwhile gets nothing and leaves nothing', async () => {
    const gone = new AbortController();
    world.target.faults.duringIssue = () => gone.abort();
    const asking = elevate(world.broker, { ...ada, signal: gone.signal }, request());
    await expect(asking).rejects.toBeInstanceOf(JitError);
    expect(world.target.live.size).toBe(0);
    expect(world.types()).not.toContain('lease.handed_out');
    expect(existsSync(world.broker.paths.grantsDir) && readdirSync(world.broker.paths.grantsDir)).toEqual([]);
  });

  test('a broker that is stopping gives nothing', async () => {
    world.broker.stopping = true;
    await expect(elevate(world.broker, ada, request())).rejects.toMatchObject({ code: 'ERR_BROKER_BUSY' });
  });
});

test('a preview ends with the grant around it, and says so', async () => {
  const around = await elevate(world.broker, ada, request({ duration: 120_000 }));
  world.clock.advance(60_000);
  const asked = request({ duration: 600_000, parent: around.grant.id });
  const shown = await preview(world.broker, ada, asked);
  expect(shown).toMatchObject({
    duration: 60_000,
    preview: ['role read', `ends with the grant around it (${around.grant.id})`],
  });
  const { grant } = await elevate(world.broker, ada, asked);
  expect(grant.deadline).toBe(world.clock.now() + (shown.duration ?? 0));
  const shorter = await preview(world.broker, ada, { ...asked, duration: 30_000 });
  expect(shorter).toMatchObject({ duration: 30_000, preview: ['role read'] });
});

test('a preview records nothing', async () => {
  const before = await world.broker.policy.current().then(() => world.types());
  const shown = await preview(world.broker, ada, request({ duration: null }));
  expect(shown).toMatchObject({
    outcome: 'allowed',
    duration: 1_800_000,
    risk: 'high',
    preview: ['role read'],
  });
  expect(world.types()).toEqual(before);
});
