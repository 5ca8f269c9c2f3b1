import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cleanup } from '../../src/broker/cleanup.ts';
import { elevate } from '../../src/broker/elevate.ts';
import { extend } from '../../src/broker/extend.ts';
import { issuers } from '../../src/broker/issuers.ts';
import { preview } from '../../src/broker/preview.ts';
import { revoke } from '../../src/broker/revoke.ts';
import { status } from '../../src/broker/status.ts';
import { type FakeIssuer, startIssuer } from '../fakes/issuer.ts';
import { ada, createTestBroker, request, type TestBroker, testConfig } from '../support/broker.ts';
import { until } from '../support/until.ts';

let issuer: FakeIssuer;
let tested: TestBroker;
const audience = 'jit.acme.example';
beforeAll(async () => {
  issuer = await startIssuer(() => Math.floor(tested.clock.now() / 1000));
});
afterAll(() => issuer.close());
beforeEach(() => {
  tested = createTestBroker();
  writeFileSync(tested.broker.paths.configFile, config());
});
afterEach(() => tested.remove());

function config(): string {
  return `${testConfig}
  - { name: deploy, who: ["job:deploy-web"], roles: ["fake-db:write"], max_duration: 10m }
issuers:
  github:
    kind: github
    issuer: ${issuer.url}
    audience: ${audience}
    jobs:
      deploy-web: { repository_id: "123", repository_owner_id: "45", environment: production }
`;
}

/** The code that a promise is rejected with. */
const refusal = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'granted',
    (thrown: { code?: unknown }) => thrown.code,
  );

const wanted = (identity: string | null, run: string | null = null) =>
  request({ role: 'write', identity, run, ci: true });

describe('a request with an identity token', () => {
  test('is one of the job, which the user who owns the socket may end', async () => {
    const { broker, store } = tested;
    const token = await issuer.github(audience);
    const { grant } = await elevate(broker, ada, wanted(token));
    expect(grant.principal).toBe('job:deploy-web');
    expect((await status(broker, ada)).grants.map(({ id }) => id)).toEqual([grant.id]);
    const [asked] = store.events({ type: 'grant.requested' });
    expect(asked?.body.data).toMatchObject({ job: { issuer: 'github', facts: { run_id: '9001' } } });
    const log = Buffer.concat(store.events().map(({ bytes }) => Buffer.from(bytes))).toString();
    expect(log).not.toContain(token.split('.')[2]);
    expect(
      (await revoke(broker, ada, { grant: grant.id, all: false, cause: 'revoked' })).revoked,
    ).toHaveLength(1);
  });

  test('gets what the job may have, and nothing that its user may have', async () => {
    const { broker } = tested;
    const token = await issuer.github(audience);
    expect(await refusal(elevate(broker, ada, request({ role: 'read', identity: token })))).toBe(
      'ERR_POLICY_DENIED',
    );
    expect((await elevate(broker, ada, request({ role: 'read' }))).grant.principal).toBe('user:ada');
  });

  test('uses the token up, be it granted or denied, and previews do not', async () => {
    const { broker } = tested;
    const token = await issuer.github(audience);
    expect((await preview(broker, ada, wanted(token))).outcome).toBe('allowed');
    await elevate(broker, ada, wanted(token));
    expect(await preview(broker, ada, wanted(token))).toMatchObject({
      outcome: 'denied',
      reasons: [expect.stringContaining('used before')],
    });
    expect(await refusal(elevate(broker, ada, wanted(token)))).toBe('ERR_POLICY_DENIED');
    const other = await issuer.github(audience);
    expect(await refusal(elevate(broker, ada, request({ role: 'read', identity: other })))).toBe(
      'ERR_POLICY_DENIED',
    );
    expect(await refusal(elevate(broker, ada, wanted(other)))).toBe('ERR_POLICY_DENIED');
    expect(tested.types().filter((type) => type === 'grant.denied')).toHaveLength(3);
  });

  test('sent twenty times at once is granted once', async () => {
    const token = await issuer.github(audience);
    const all = await Promise.allSettled(
      Array.from({ length: 20 }, () => elevate(tested.broker, ada, wanted(token))),
    );
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(tested.types().filter((type) => type === 'lease.intent')).toHaveLength(1);
    expect(tested.types().filter((type) => type === 'grant.denied')).toHaveLength(19);
  });

  test('is not granted with a token that expired while something was waited for, and may be forgotten by then', async () => {
    const { broker, clock, target } = tested;
    const token = await issuer.github(audience, { exp: Math.floor(clock.now() / 1000) + 30 });
    target.faults.prepare = async () => {
      delete target.faults.prepare;
      await elevate(broker, ada, wanted(token));
      await clock.advance(100_000);
      await elevate(broker, ada, wanted(await issuer.github(audience)));
    };
    await expect(elevate(broker, ada, wanted(token))).rejects.toMatchObject({
      code: 'ERR_POLICY_DENIED',
      message: expect.stringContaining('expired'),
    });
    expect(tested.types().filter((type) => type === 'lease.intent')).toHaveLength(2);
  });

  test('is not taken again by the next broker', async () => {
    const token = await issuer.github(audience);
    await elevate(tested.broker, ada, wanted(token));
    tested = tested.restart();
    expect(await refusal(elevate(tested.broker, ada, wanted(token)))).toBe('ERR_POLICY_DENIED');
  });

  test('whose token proves nothing is denied and recorded as the user it came from', async () => {
    const { broker, store } = tested;
    const token = await issuer.github(audience, { environment: 'staging' });
    expect(await refusal(elevate(broker, ada, wanted(token)))).toBe('ERR_POLICY_DENIED');
    const [denied] = store.events({ type: 'grant.denied' });
    expect(denied?.body).toMatchObject({
      principal: 'user:ada',
      data: { why: expect.stringContaining('environment "staging" is not "production"') },
    });
  });

  test('is extended as far as its entitlement goes', async () => {
    const { broker } = tested;
    const { grant } = await elevate(broker, ada, wanted(await issuer.github(audience)));
    const longer = await extend(broker, ada, { grant: grant.id, duration: 300_000, reason: null });
    expect(longer.deadline).toBeGreaterThan(grant.deadline ?? 0);
    const far = extend(broker, ada, { grant: grant.id, duration: 3600_000, reason: null });
    expect(await refusal(far)).toBe('ERR_POLICY_DENIED');
  });

  test('is no refusal when the issuer does not answer: nothing is recorded, nothing used up', async () => {
    const token = await issuer.github(audience);
    issuer.trouble = 500;
    expect(await refusal(elevate(tested.broker, ada, wanted(token)))).toBe('ERR_TARGET_UNREACHABLE');
    issuer.trouble = null;
    expect((await elevate(tested.broker, ada, wanted(token))).grant.state).toBe('active');
  });
});

test('forgets used tokens when they have expired', async () => {
  const { broker, store, clock } = tested;
  for (let turn = 0; turn < 3; turn += 1) {
    await elevate(broker, ada, wanted(await issuer.github(audience)));
    await clock.advance(600_000);
  }
  const used = store
    .events({ type: 'grant.requested' })
    .map(({ body }) => (body.data as { job: { token: string } }).job.token);
  expect(used.map((token) => store.isTokenUsed(token))).toEqual([false, false, true]);
});

test('the issuers of the configuration are told with what a token has to be for', async () => {
  expect(await issuers(tested.broker)).toEqual({ issuers: [{ name: 'github', kind: 'github', audience }] });
});

describe('cleaning up after a run', () => {
  const run = async (name: string | null) =>
    (await elevate(tested.broker, ada, wanted(await issuer.github(audience), name))).grant.id;
  const ids = (grants: readonly { id: string }[]) => grants.map(({ id }) => id);

  test('takes back what this run has and leaves the rest', async () => {
    const [mine, theirs] = [await run('one'), await run('two')];
    const own = (await elevate(tested.broker, ada, request({ role: 'read' }))).grant.id;
    const reply = await cleanup(tested.broker, ada, { run: 'one', timeout: 1_000 });
    expect(ids(reply.revoked)).toEqual([mine]);
    expect(ids((await status(tested.broker, ada)).grants)).toEqual([theirs, own]);
  });

  test('without a name takes back what pipelines have, and nothing of people', async () => {
    const all = [await run('one'), await run(null)];
    const own = (await elevate(tested.broker, ada, request({ role: 'read' }))).grant.id;
    const reply = await cleanup(tested.broker, ada, { run: null, timeout: 1_000 });
    expect(ids(reply.revoked).sort()).toEqual(all.sort());
    expect(ids((await status(tested.broker, ada)).grants)).toEqual([own]);
  });

  test('ends a broker that was started for it, once nothing of others is left', async () => {
    const { broker, ended } = tested;
    Object.assign(broker, { job: 'one' });
    const cleanUp = (name: string) => cleanup(broker, ada, { run: name, timeout: 1_000 });
    await run('one');
    await run('two');
    await cleanUp('one');
    await cleanUp('two');
    expect({ stopping: broker.stopping, ended }).toEqual({ stopping: false, ended: [] });
    await cleanUp('one');
    await until(() => expect(ended).toEqual(['its job has ended']));
  });

  test('leaves a broker alone that is nobody\u2019s', async () => {
    await run('one');
    await cleanup(tested.broker, ada, { run: 'one', timeout: 1_000 });
    await cleanup(tested.broker, ada, { run: null, timeout: 1_000 });
    expect(tested.broker.stopping).toBe(false);
  });

  test('of a name that nobody has finds nothing', async () => {
    await run('one');
    const reply = await cleanup(tested.broker, ada, { run: "one' OR 1=1", timeout: 1_000 });
    expect(reply).toEqual({ revoked: [], ending: [], overdue: [] });
  });
});
