// A broker that dies on the way to and from a credential that programs make: the next one leaves none of it.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { liveIn, programLine } from '../support/command-target.ts';
import { wish } from '../support/request.ts';
import { until } from '../support/until.ts';
import { createWorld, finish, type World } from '../support/world.ts';

let ledger: string;
let world: World;

beforeAll(() => {
  ledger = mkdtempSync(path.join(os.tmpdir(), 'jit-ledger-'));
  mkdirSync(path.join(ledger, 'live'));
  const line = JSON.stringify(programLine);
  const config = `
version: 1
targets:
  box:
    provider: command
    issue: ${line}
    revoke: ${line}
    confirm: ${line}
    with: { ledger: ${ledger} }
    roles: { use: {} }
entitlements:
  - { name: me, who: [$ME], roles: ["box:*"], max_duration: 1h }
`;
  world = createWorld(config, 'dist-test');
});
afterAll(async () => {
  await world?.remove();
  rmSync(ledger, { recursive: true, force: true });
});

test.each([
  ['elevate.after-intent', 0],
  ['issue.before', 0],
  ['issue.sent', 1],
  ['issue.answered', 1],
  ['elevate.after-issue', 1],
  ['elevate.files-written', 1],
  ['revoke.after-revoking', 1],
  ['revoke.sent', 0],
  ['revoke.confirmed', 0],
])('killed at %s, %i of it exists, and then nothing', async (point, left) => {
  const first = world.startBroker({ JIT_FAILPOINT: `${point}=kill` });
  const ended = finish(first);
  await until(async () => (await world.client({ start: false })).hello());
  const client = await world.client({ start: false });
  const asked = client.elevate(wish({ target: 'box', role: 'use', duration: 60_000 }));
  if (point.startsWith('revoke.')) {
    const { grant } = await asked;
    await client.revoke({ grant: grant.id, all: false, cause: 'revoked' }).catch(() => undefined);
  } else {
    await expect(asked).rejects.toThrow();
  }
  expect((await ended).code).toBe(128 + 9);
  expect(liveIn(ledger)).toHaveLength(left);
  const next = await world.client();
  await until(async () => {
    expect(liveIn(ledger)).toEqual([]);
    expect(await next.status()).toMatchObject({ overdue: 0, grants: [] });
  });
  await world.jit('broker', 'stop');
});
