import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { elevate } from '../../src/broker/elevate.ts';
import { startExpiry } from '../../src/broker/expiry.ts';
import { extend } from '../../src/broker/extend.ts';
import { startNudging } from '../../src/broker/nudge.ts';
import { writePromptState } from '../../src/broker/prompt-state.ts';
import { endGrant, revokeLease } from '../../src/broker/revocation.ts';
import type { Grant } from '../../src/core/grant.ts';
import { sampleGrant } from '../store/support.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';

let world: TestBroker;
beforeEach(() => {
  world = createTestBroker();
});
afterEach(() => world.remove());

const fileOf = ({ broker }: TestBroker): string => readFileSync(broker.paths.promptState, 'utf8');
const linesOf = (one: TestBroker): string[] => fileOf(one).trimEnd().split('\n').slice(1);
const seconds = (instant: number | null): number => Math.floor((instant ?? 0) / 1000);
const elevated = async (changes: Parameters<typeof request>[0] = {}) =>
  (await elevate(world.broker, ada, request(changes))).grant;

/** Ends a grant while its target cannot be reached, and tries as often as it takes to be overdue. */
async function makeOverdue(grant: string): Promise<void> {
  world.target.faults.unreachable = true;
  await endGrant(world.broker, grant, 'revoked');
  await tryAll();
}

async function tryAll(): Promise<void> {
  for (const lease of world.broker.ledger.openLeases()) {
    if (lease.state === 'active') continue;
    await revokeLease(world.broker, lease.id, 'revoked');
  }
}

test('has what is overdue first, then by end, each with the risk of its target', async () => {
  const late = await elevated({ duration: 50_000, target: 'other-db' });
  const early = await elevated({ duration: 40_000 });
  const left = await elevated({ duration: 90_000 });
  world.clock.advance(1_000);
  await makeOverdue(left.id);
  expect(fileOf(world)).toBe(
    [
      'jit1 3',
      `${seconds(world.clock.now())} ${left.id} fake-db read high overdue`,
      `${seconds(early.deadline)} ${early.id} fake-db read high active`,
      `${seconds(late.deadline)} ${late.id} other-db read medium active`,
      '',
    ].join('\n'),
  );
});

test('tells an extension, and loses what is confirmed gone', async () => {
  const grant = await elevated();
  await extend(world.broker, ada, { grant: grant.id, duration: 120_000, reason: null });
  expect(linesOf(world)).toEqual([
    `${seconds(world.clock.now() + 120_000)} ${grant.id} fake-db read high active`,
  ]);
  await makeOverdue(grant.id);
  expect(linesOf(world)).toHaveLength(1);
  world.target.faults.unreachable = false;
  await tryAll();
  expect(fileOf(world)).toBe('jit1 3\n');
});

test('shows nothing of a credential that nobody can use any more, however long its clean-up takes', async () => {
  const grant = await elevated();
  world.target.faults.refuseCleanup = true;
  await endGrant(world.broker, grant.id, 'revoked');
  await tryAll();
  expect(world.store.leases()[0]).toMatchObject({ state: 'revoking', attempts: 2 });
  expect(linesOf(world)).toEqual([]);
});

test('shows no grant whose deadline is over, even before anybody has ended it', async () => {
  const grant = await elevated({ duration: 60_000 });
  world.clock.advance(59_999);
  writePromptState(world.broker);
  expect(linesOf(world)).toHaveLength(1);
  world.clock.advance(1);
  writePromptState(world.broker);
  expect(linesOf(world)).toEqual([]);
  expect(world.broker.ledger.grant(grant.id)?.state).toBe('active');
});

test('has nothing in it that a shell could take for something else', () => {
  const names = ['$(id)', 'a b', 'x'.repeat(300), '%n!!\u001b]0;t\u0007', '`id`\n1 g2 other read'];
  const deadline = world.clock.now() + 60_000;
  const grants = names.map((target, n) => sampleGrant(`g${n}`, { target, role: target, deadline }));
  world.broker.ledger.write({ grants, events: [] });
  writePromptState(world.broker);
  const line = /^\d{1,11} g\d [\w./@:+-]{1,40} [\w./@:+-]{1,40} (low|medium|high) active$/;
  expect(linesOf(world)).toEqual(names.map(() => expect.stringMatching(line)));
});

describe('a file that cannot be written', () => {
  const folder = (): string => world.broker.paths.promptState.replace(/prompt$/, '');

  test('fails nobody, is told once, and is made up for', async () => {
    const told: string[] = [];
    const broker = { ...world.broker, log: { ...world.broker.log, warn: (text: string) => told.push(text) } };
    const { promptState } = broker.paths;
    // In its way, whoever runs this: root is refused nothing.
    Object.assign(broker, { paths: { ...broker.paths, promptState: `${folder()}none/prompt` } });
    const { grant } = await elevate(broker, ada, request());
    writePromptState(broker);
    expect(told).toEqual([expect.stringContaining('prompt-state file')]);
    Object.assign(broker, { paths: { ...broker.paths, promptState } });
    const stop = startNudging(broker, () => undefined);
    expect(fileOf(world)).toContain(` ${grant.id} `);
    stop();
  });

  test('or that somebody took away or hid comes back by itself', async () => {
    await elevated();
    const stop = startNudging(world.broker, () => undefined);
    rmSync(world.broker.paths.promptState);
    world.clock.advance(1_000);
    expect(linesOf(world)).toHaveLength(1);
    expect(readdirSync(folder()).filter((name) => name.startsWith('.prompt'))).toEqual([]);
    stop();
  });
});

test('the risk of a target is as in the configuration that was read last', async () => {
  await elevated();
  const stop = startNudging(world.broker, () => undefined);
  const { path } = world.broker.policy;
  writeFileSync(path, readFileSync(path, 'utf8').replace('risk: high', 'risk: low'));
  await world.broker.policy.config();
  world.clock.advance(1_000);
  expect(linesOf(world)).toEqual([expect.stringMatching(/ low active$/)]);
  stop();
});

describe('when the broker stops', () => {
  test('what may still give access counts as overdue, for nobody tries any more', async () => {
    const grant = await elevated();
    const stop = startNudging(world.broker, () => undefined);
    world.target.faults.unreachable = true;
    await endGrant(world.broker, grant.id, 'broker-stopped');
    expect(world.store.leases()[0]?.state).toBe('revoking');
    expect(linesOf(world)).toEqual([]);
    stop();
    expect(linesOf(world)).toEqual([expect.stringMatching(/ overdue$/)]);
    // One that comes after knows what is true again.
    world = world.restart();
    writePromptState(world.broker);
    expect(linesOf(world)).toEqual([]);
  });

  test('what is with nobody, or ends by itself, does not', async () => {
    const cleaned = await elevated();
    world.target.faults.refuseCleanup = true;
    await endGrant(world.broker, cleaned.id, 'broker-stopped');
    world.target.faults.refuseCleanup = false;
    world.target.faults.cannotWithdraw = true;
    const waited = await elevated();
    await endGrant(world.broker, waited.id, 'broker-stopped');
    expect(world.broker.ledger.openLeases()).toHaveLength(2);
    startNudging(world.broker, () => undefined)();
    expect(linesOf(world)).toEqual([]);
  });
});

describe('whatever happens', () => {
  type Step = { readonly kind: 'grant' | 'extend' | 'end' | 'fail' | 'confirm' | 'pass'; n: number };
  const step: fc.Arbitrary<Step> = fc.record({
    kind: fc.constantFrom('grant', 'grant', 'extend', 'end', 'fail', 'confirm', 'pass'),
    n: fc.nat(3),
  });

  test('the file holds exactly the active and the overdue grants, in their order', {
    timeout: 60_000,
  }, async () => {
    let sawOverdue = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), async (steps) => {
        const one = createTestBroker();
        const stops = [startNudging(one.broker, () => undefined), startExpiry(one.broker)];
        try {
          for (const each of steps) {
            await take(one, each);
            expect(linesOf(one)).toEqual(expectedOf(one));
            if (fileOf(one).includes('overdue')) sawOverdue += 1;
          }
        } finally {
          for (const stop of stops) stop();
          one.remove();
        }
      }),
      { numRuns: 25 },
    );
    expect(sawOverdue).toBeGreaterThan(0);
  });

  async function take(one: TestBroker, { kind, n }: Step): Promise<void> {
    const { broker, clock, target } = one;
    const grant = broker.ledger.activeGrants()[n];
    // What is refused, such as an extension on a target that is down, changes nothing.
    const refused = (): undefined => undefined;
    if (kind === 'grant') await elevate(broker, ada, request({ duration: 10_000 * (n + 1) })).catch(refused);
    if (kind === 'extend' && grant)
      await extend(broker, ada, { grant: grant.id, duration: 60_000 * (n + 1), reason: null }).catch(refused);
    if (kind === 'end' && grant) await endGrant(broker, grant.id, 'revoked');
    // The target stays down after a failure, so that what expires meanwhile fails as well.
    if (kind === 'fail') target.faults.unreachable = true;
    if (kind === 'fail' && grant) await endGrant(broker, grant.id, 'revoked');
    if (kind === 'confirm') target.faults.unreachable = false;
    if (kind === 'fail' || kind === 'confirm') {
      for (const { id, state } of broker.ledger.openLeases())
        if (state !== 'active') await revokeLease(broker, id, 'revoked');
    }
    if (kind === 'pass') clock.advance(4_000 * (n + 1));
    await Promise.all(broker.revocations.values());
  }

  /** From the database alone, by the rule of the format. */
  function expectedOf({ store, clock }: TestBroker): string[] {
    const overdue = new Set(store.leases({ states: ['overdue'] }).map(({ grant }) => grant));
    const now = clock.now();
    const line = (grant: Grant, end: number, state: string) =>
      `${seconds(end)} ${grant.id} fake-db read high ${state}`;
    const sorted = (grants: Grant[], end: (grant: Grant) => number): Grant[] =>
      grants.sort((a, b) => end(a) - end(b) || (a.id < b.id ? -1 : 1));
    const endOf = ({ deadline, endedAt }: Grant): number => Math.min(deadline ?? 0, endedAt ?? 0);
    const late = store.grants({ states: ['ended'] }).filter(({ id }) => overdue.has(id));
    const active = store.grants({ states: ['active'] }).filter(({ deadline }) => (deadline ?? 0) > now);
    return [
      ...sorted(late, endOf).map((grant) => line(grant, endOf(grant), 'overdue')),
      ...sorted(active, ({ deadline }) => deadline ?? 0).map((grant) =>
        line(grant, grant.deadline ?? 0, 'active'),
      ),
    ];
  }
});
