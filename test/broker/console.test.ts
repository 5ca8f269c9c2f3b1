// Links to a console: recorded before they are given, for the session alone, in no log, and on disk for a minute at most.

import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { consoleLink } from '../../src/broker/console.ts';
import { elevate } from '../../src/broker/elevate.ts';
import { closeEndpoints } from '../../src/broker/endpoint.ts';
import { recover } from '../../src/broker/recovery.ts';
import { endGrant } from '../../src/broker/revocation.ts';
import { JitError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import type { ElevateRequest } from '../../src/protocol/routes.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { parentPid } from '../../src/system/process-info.ts';
import type { FakeHandle } from '../fakes/provider.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';
import { openEndpoint } from '../support/endpoint.ts';
import { searchFolder } from '../support/needles.ts';

const link = 'https://signin.example.com/federation?a=1&SigninToken=planted-token"<';

let world: TestBroker;
let provider: Provider<FakeHandle>;
/** Runs while the vendor makes the link. */
let meanwhile: () => Promise<void>;
beforeEach(() => {
  world = createTestBroker();
  meanwhile = async () => undefined;
  provider = world.target.kind.open({} as never, {} as never) as Provider<FakeHandle>;
  provider.console = async () => {
    await meanwhile();
    return { url: new Secret(link), endsAt: world.clock.now() + 30_000 };
  };
});
afterEach(async () => {
  await closeEndpoints(world.broker);
  world.remove();
});

const grantOf = async (changes: Partial<ElevateRequest> = {}): Promise<string> =>
  (await elevate(world.broker, ada, request(changes))).grant.id;
const ask = (grant: string, as: 'link' | 'file' = 'link', caller = ada) =>
  consoleLink(world.broker, caller, { grant, as });

describe('a link', () => {
  test('is answered with its end and what cannot be withdrawn, and recorded without it', async () => {
    const grant = await grantOf();
    const endsAt = world.clock.now() + 30_000;
    expect(await ask(grant)).toEqual({ url: link, file: null, endsAt, irrevocableUntil: null });
    const event = world.store.events().at(-1)?.body;
    expect(event).toMatchObject({ type: 'lease.console', grant, data: { as: 'link' } });
    expect(JSON.stringify(world.store.events())).not.toContain('planted-token');
    world.target.faults.cannotWithdraw = true;
    expect((await ask(grant)).irrevocableUntil).toBe(world.broker.ledger.grant(grant)?.deadline);
  });

  test('means that somebody has the credential, although its endpoint was never asked', async () => {
    const { grant } = await openEndpoint(world);
    expect(world.broker.endpoints.get(grant)?.isUntouched).toBe(true);
    await ask(grant);
    expect(world.broker.endpoints.get(grant)?.isUntouched).toBe(false);
  });

  test('is not given when the grant ends while it is made', async () => {
    const grant = await grantOf();
    meanwhile = () => endGrant(world.broker, grant, 'revoked');
    await expect(ask(grant)).rejects.toMatchObject({ code: 'ERR_GRANT_ENDED' });
    expect(world.types()).not.toContain('lease.console');
  });

  test('is not given after the end, to somebody else, to another terminal, or where there is no console', async () => {
    const grant = await grantOf();
    await expect(ask(grant, 'link', { ...ada, principal: 'user:eve' })).rejects.toMatchObject({
      code: 'ERR_UNKNOWN_NAME',
    });
    await expect(ask(grant, 'link', { ...ada, pid: parentPid(process.pid) })).rejects.toMatchObject({
      code: 'ERR_POLICY_DENIED',
    });
    delete provider.console;
    await expect(ask(grant)).rejects.toMatchObject({ code: 'ERR_UNSUPPORTED' });
    await endGrant(world.broker, grant, 'revoked');
    await expect(ask(grant)).rejects.toMatchObject({ code: 'ERR_GRANT_ENDED' });
  });

  test('is not given when the log cannot be written', async () => {
    const grant = await grantOf();
    const { ledger } = world.broker;
    const write = ledger.write;
    ledger.write = () => {
      throw new JitError('ERR_AUDIT_UNAVAILABLE', 'no room');
    };
    await expect(ask(grant, 'file')).rejects.toMatchObject({ code: 'ERR_AUDIT_UNAVAILABLE' });
    ledger.write = write;
    expect(searchFolder(world.broker.paths.runDir, ['planted-token'])).toEqual([]);
  });
});

describe('a page', () => {
  test('leads to the link, is private, and is gone after a minute', async () => {
    const grant = await grantOf({ duration: 600_000 });
    const { url, file } = await ask(grant, 'file');
    expect(url).toBeNull();
    const page = file ?? '';
    expect(path.dirname(page)).toBe(path.join(world.broker.paths.grantsDir, grant));
    expect(statSync(page).mode & 0o777).toBe(0o600);
    const html = readFileSync(page, 'utf8');
    expect(html).toContain(
      'content="0;url=https://signin.example.com/federation?a=1&amp;SigninToken=planted-token&quot;&lt;"',
    );
    expect(html).toContain('no-referrer');
    world.clock.advance(59_000);
    expect(existsSync(page)).toBe(true);
    world.clock.advance(1_000);
    expect(existsSync(page)).toBe(false);
  });

  test('is gone with the grant', async () => {
    const grant = await grantOf();
    const { file } = await ask(grant, 'file');
    await endGrant(world.broker, grant, 'revoked');
    expect(existsSync(file ?? '')).toBe(false);
    world.clock.advance(60_000);
  });

  test('of a broker that was killed does not outlive it, although the grant goes on', async () => {
    const grant = await grantOf({
      role: 'write',
      reason: 'why',
      duration: 600_000,
      keep: true,
      session: null,
    });
    const { file } = await ask(grant, 'file');
    mkdirSync(path.join(world.broker.paths.grantsDir, 'g-of-nobody'));
    world = world.restart();
    recover(world.broker);
    expect(world.broker.ledger.grant(grant)?.state).toBe('active');
    expect(existsSync(path.dirname(file ?? ''))).toBe(true);
    expect(existsSync(file ?? '')).toBe(false);
  });
});
