// An alert outlives the broker that was to send it: a real broker that is killed, and real web servers that are told.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AuditReply } from '../../src/protocol/routes.ts';
import { isAlive, sessionOf } from '../../src/system/process-info.ts';
import { type Hook, startHook } from '../support/hook.ts';
import { wish } from '../support/request.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let answers: Hook;
let hangs: Hook;
beforeEach(async () => {
  answers = await startHook();
  hangs = await startHook();
  hangs.answer = 'nothing';
  world = createWorld('');
  world.writeConfig(`
version: 1
targets:
  box:
    provider: command
    issue: ${program('{"version":1,"expires_at":null}', 'true')}
    revoke: ${program('{"version":1,"status":"gone"}', `test -e "${gone()}"`)}
    confirm: ${program('{"version":1,"status":"gone"}', `test -e "${gone()}"`)}
    ends_by_itself: false
    roles: { r: {} }
entitlements:
  - { name: all, who: [$ME], roles: ["box:r"], max_duration: 1h }
alerts:
  - { webhook: "${answers.url}", format: json }
  - { webhook: "${hangs.url}", format: json }
`);
});
afterEach(async () => {
  writeFileSync(gone(), '');
  for (const hook of [answers, hangs]) hook.close();
  await world.remove();
});

/** While there is no such file the target does not let go of a credential. */
const gone = () => path.join(world.dir, 'gone');

/** Answers with these words while the condition holds. */
const program = (answer: string, condition: string): string =>
  JSON.stringify(['/bin/sh', '-c', `${condition} && echo '${answer}'`]);

async function types(): Promise<string[]> {
  const { events } = JSON.parse((await world.jit('audit', 'log', '--json')).stdout) as AuditReply;
  return events.map(({ body }) => String(body['type']));
}
async function leaveOverdue(): Promise<void> {
  const client = await world.client();
  const { grant } = await client.elevate(wish({ target: 'box', role: 'r', duration: 600_000 }));
  await client.revoke({ grant: grant.id, all: false, cause: 'revoked' });
  await until(() => expect(hangs.asked[0]?.type).toBe('lease.overdue'));
  await until(() => expect(answers.told.map(({ type }) => type)).toEqual(['lease.overdue']));
}
async function letGo(): Promise<void> {
  writeFileSync(gone(), '');
  await until(async () => expect(await types()).toContain('lease.revoked'));
}
async function kill(): Promise<void> {
  const { pid } = await (await world.client({ start: false })).hello();
  const session = sessionOf(pid);
  process.kill(pid, 'SIGKILL');
  await until(() => expect(session !== null && isAlive(session)).toBe(false));
}

test('a broker that is killed before it got through: the next one tells it, as late, to whom it was not told', async () => {
  await leaveOverdue();
  await letGo();
  await until(() => {
    const { channels } = JSON.parse(readFileSync(world.paths.alerted, 'utf8')) as {
      channels: { waiting: number; row: number }[];
    };
    expect(channels[0]?.row).toBeGreaterThan(channels[1]?.row ?? 0);
  });
  await kill();
  hangs.answer = 200;
  // Nothing is open and nobody asks for anything: it tells what it owes by itself.
  // The socket of a process that was killed may outlive it for a moment.
  await until(async () => (await world.client()).hello());
  await until(() => expect(hangs.told).toHaveLength(1));
  expect(hangs.told[0]).toMatchObject({
    ...{ type: 'lease.overdue', target: 'box', late: true, event: hangs.asked[0]?.event },
    text: expect.stringContaining('told late'),
  });
  expect(answers.told).toHaveLength(1);
  expect(readFileSync(world.paths.alerted, 'utf8')).not.toContain('planted');
  expect(readFileSync(world.paths.log, 'utf8')).not.toContain('planted');
});

test('where nothing can be noted, as on a full disk, grants, revocations and alerts go on', async () => {
  mkdirSync(world.paths.alerted, { recursive: true, mode: 0o700 });
  await leaveOverdue();
  await letGo();
  const client = await world.client();
  const { grant } = await client.elevate(wish({ target: 'box', role: 'r', duration: 600_000 }));
  await client.revoke({ grant: grant.id, all: false, cause: 'revoked' });
  await until(async () => expect((await client.status()).grants).toEqual([]));
  expect(readFileSync(world.paths.log, 'utf8')).toContain('cannot note how far people were told');
});
