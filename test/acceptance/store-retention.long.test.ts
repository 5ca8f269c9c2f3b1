// Verifying the shared store as an auditor who knows something: keys and heads collected outside, and how far back it keeps.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { setupSql } from '../../src/shared-store/setup.ts';
import { programLine } from '../support/command-target.ts';
import { startPostgres } from '../support/postgres.ts';
import { brokerPassword, createWorld } from '../support/world.ts';

test('an auditor holds the store against a key, a head and its retention', async () => {
  const server = await startPostgres({ version: 18 });
  onTestFinished(() => server.stop());
  await server.sql(`${setupSql()}
    CREATE ROLE writer LOGIN PASSWORD '${brokerPassword}' IN ROLE jit_writer;
    CREATE ROLE auditor LOGIN PASSWORD '${brokerPassword}' IN ROLE jit_auditor`);
  const world = createWorld(`version: 1
targets:
  box:
    provider: command
    issue: ${JSON.stringify([...programLine, 'issue'])}
    revoke: ${JSON.stringify([...programLine, 'revoke'])}
    roles: { use: {} }
entitlements:
  - { name: all, who: [everyone], roles: ["box:use"], max_duration: 1h }
store:
  host: ${JSON.stringify(server.host)}
  port: ${server.port}
  database: postgres
  user: writer
  password: $SECRET
  auditor: { user: auditor, password: $SECRET }
`);
  onTestFinished(() => world.remove());
  await world.jit('targets');
  await world.jit('audit', 'sync');
  await world.jit('broker', 'stop');

  const own = JSON.parse((await world.jit('audit', 'verify', '--json')).stdout);
  const key: string = own.logs[0].keys[0];
  const [row] = await server.sql('SELECT checkpoint FROM jit.logs');
  const head = path.join(world.dir, 'alice.head');
  writeFileSync(head, String(row?.['checkpoint']));
  const verify = (...options: string[]) =>
    world.jit('audit', 'verify', '--store', '--key', key, '--head', head, ...options);
  const whole = await verify();
  expect(whole).toMatchObject({ code: 0, stderr: '' });
  expect(whole.stdout).toContain(`key ${key} (given)`);
  expect(whole.stdout).toContain('leads to 1 head kept elsewhere');

  // A month is over, and everything in it.
  await server.sql("SELECT jit.detach_before(now() + interval '2 months')");
  expect(await verify()).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/NOT VALID.*--kept-since <when>/),
    stderr: expect.stringContaining('1 of 1 logs'),
  });
  const kept = await verify('--kept-since', '1s');
  expect(kept).toMatchObject({ code: 0, stderr: '' });
  expect(kept.stdout).toMatch(/valid, \d+ events, all signed, none is there any more/);
  const json = await verify('--kept-since', '2h', '--json');
  expect([json.code, JSON.parse(json.stdout)]).toMatchObject([
    1,
    { valid: false, heads: 1, trusted: [key], missing: [], logs: [{ valid: false, keys: [key] }] },
  ]);
  expect(JSON.parse(json.stdout).logs[0].retired_up_to).toMatch(/^\d{4}-.*Z$/);

  const stranger = await world.jit(
    'audit',
    'verify',
    '--store',
    '--key',
    key.replace(/^jit\.[^+]+/, 'jit.nobody00'),
  );
  expect(stranger).toMatchObject({ code: 2, stderr: expect.stringContaining('is no key') });
});
