// Must-show 5 by the command as people run it: programs that hang, print garbage or a gigabyte, or fail after they have issued.
// Each is bounded, told clearly, and nothing of it is left; the ledger of the programs is the truth.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { liveIn, madeSecret, programLine, programToken } from '../support/command-target.ts';
import { searchFolder } from '../support/needles.ts';
import { processesMentioning } from '../support/processes.ts';
import { wish } from '../support/request.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

const faults = ['hang', 'garbage', 'flood', 'exit-1', 'refuse'] as const;

let ledger: string;
let world: World;

beforeAll(() => {
  ledger = mkdtempSync(path.join(os.tmpdir(), 'jit-ledger-'));
  mkdirSync(path.join(ledger, 'live'));
  const line = JSON.stringify(programLine);
  const roles = faults.map((fault) => `      ${fault}: { with: { fault: ${fault} } }`).join('\n');
  world = createWorld(`
version: 1
targets:
  box:
    provider: command
    issue: ${line}
    revoke: ${line}
    confirm: ${line}
    list: ${line}
    timeout: 5s
    env: { PROGRAM_TOKEN: env:PROGRAM_TOKEN, LEDGER: ${ledger} }
    with: { ledger: ${ledger} }
    roles:
      use: {}
${roles}
entitlements:
  - { name: me, who: [$ME], roles: ["box:*"], max_duration: 1h }
`);
  world.env['PROGRAM_TOKEN'] = programToken;
});
afterAll(async () => {
  await world?.remove();
  rmSync(ledger, { recursive: true, force: true });
});

const live = () => liveIn(ledger);
const setFault = (action: string, fault: string) =>
  writeFileSync(path.join(ledger, `${action}-fault`), fault);

async function eventsOf(grant: string) {
  const { stdout } = await world.jit('audit', 'log', '--grant', grant, '--json');
  const { events } = JSON.parse(stdout) as { events: { body: { type: string; data: { step?: string } } }[] };
  return events.map(({ body }) => body.data.step ?? body.type);
}

test('a command gets what the program made, by a file, and it is gone when the command ends', async () => {
  const script = 'cat "$VAULT_PASSWORD_FILE"; echo " $VAULT_USER $(printenv VAULT_PASSWORD || echo unset)"';
  const ran = await world.jit('elevate', 'box:use', '--for', '5m', '--', 'sh', '-c', script);
  expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining(`${madeSecret} jit-`) });
  expect(ran.stdout).toContain('unset');
  expect(live()).toEqual([]);
  const exported = ['elevate', 'box:use', '--for', '5m', '--export', 'env', '--'];
  const other = await world.jit(...exported, 'sh', '-c', 'echo "$VAULT_PASSWORD"');
  expect(other).toMatchObject({ code: 0, stdout: `${madeSecret}\n` });
  expect(live()).toEqual([]);
});

test.each([
  ['hang', /gave no answer within 5s and was ended: what it may have made is being taken back/],
  ['garbage', /that can be read: it is not JSON: what it may have made/],
  ['flood', /printed more than 65536 bytes and was ended: what it may have made/],
  ['exit-1', /ended with code 1: what it may have made/],
  ['refuse', /refused: no more room/],
])('%s: jit fails with words and without a stack, and nothing is left', async (fault, words) => {
  const ran = await world.jit('elevate', `box:${fault}`, '--for', '5m', '--', 'true');
  expect(ran.code).toBe(125);
  expect(ran.stderr).toMatch(words);
  expect(ran.stderr).toMatch(/^jit: error: the issue program of target "box"/m);
  expect(ran.stderr).not.toMatch(/\n\s+at /);
  expect(`${ran.stdout}${ran.stderr}`).not.toContain(madeSecret);
  expect(live()).toEqual([]);
  const { stdout } = await world.jit('status', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ grants: [], overdue: 0 });
  // All that it started is gone as well.
  const broker = (await (await world.client()).hello()).pid;
  await until(async () => {
    const left = (await processesMentioning(ledger, 2_000)).filter(({ pid }) => pid !== broker);
    expect(left).toEqual([]);
  });
});

test('what the log keeps of stderr holds no secret, and no file of jit does', async () => {
  const log = readFileSync(world.paths.log, 'utf8');
  expect(log).toMatch(/ended with code 1.*it said on stderr: cannot store \[secret\] for jit-/);
  expect(searchFolder(world.dir, [madeSecret, programToken])).toEqual([]);
});

test('a revoke program that hangs at the deadline is overdue, and access is gone once it works', async () => {
  setFault('revoke', 'hang');
  const client = await world.client();
  const { grant } = await client.elevate(wish({ target: 'box', role: 'use', duration: 1_000 }));
  await until(async () => expect((await client.status()).overdue).toBe(1), 40_000);
  expect(live()).toHaveLength(1);
  setFault('revoke', 'none');
  await until(async () => {
    expect(live()).toEqual([]);
    expect((await client.status()).overdue).toBe(0);
  }, 40_000);
  expect(await eventsOf(grant.id)).toEqual(
    expect.arrayContaining(['lease.overdue', 'taken-back', 'lease.revoked']),
  );
}, 90_000);

test('what can only end by itself is told so, is not overdue, and is asked for again', async () => {
  setFault('revoke', 'ending');
  const client = await world.client();
  const { grant } = await client.elevate(wish({ target: 'box', role: 'use' }));
  const ran = await world.jit('revoke', grant.id);
  expect(`${ran.stdout}${ran.stderr}`).toMatch(/cannot be withdrawn; ends at/);
  expect(await client.status()).toMatchObject({ overdue: 0 });
  expect(live()).toHaveLength(1);
  setFault('revoke', 'none');
  await world.jit('broker', 'stop');
  await world.jit('broker', 'start');
  await until(() => expect(live()).toEqual([]));
});

test('a broker that is killed while the program hangs leaves nothing once the next one runs', async () => {
  const client = await world.client();
  const { pid } = await client.hello();
  const asked = client
    .elevate(wish({ target: 'box', role: 'hang', duration: 60_000 }))
    .catch(() => undefined);
  await until(() => expect(live()).toHaveLength(1));
  process.kill(pid, 'SIGKILL');
  await asked;
  await world.jit('broker', 'start');
  await until(() => expect(live()).toEqual([]));
  // The program that was left alone by its broker holds pipes that nobody reads; it is not ours any more.
  for (const { pid: left, command } of await processesMentioning(ledger, 2_000)) {
    if (command.includes('children/program.ts')) process.kill(left, 'SIGKILL');
  }
});

test('what no lease knows is found by the list program and taken back', async () => {
  await world.jit('broker', 'stop');
  const known = (await world.jit('audit', 'log', '--json')).stdout;
  const prefix = /"name":\s*"(jit-[0-9a-f]{6}-)l/.exec(known)?.[1];
  const orphan = `${prefix}l${'a'.repeat(15)}`;
  writeFileSync(path.join(ledger, 'live', orphan), '');
  await world.jit('broker', 'start');
  await until(() => expect(live()).toEqual([]));
});
