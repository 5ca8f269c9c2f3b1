// Export and report of a shared store as the commands ask for them: several devices, a real PostgreSQL.

import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { usualYear, writeTeamYear } from '../../../bench/team-year.ts';
import { auditExport } from '../../../src/broker/offline/audit-export.ts';
import { auditReport } from '../../../src/broker/offline/audit-report.ts';
import { storeLog } from '../../../src/broker/offline/shared-store.ts';
import { storeExport } from '../../../src/broker/offline/store-export.ts';
import { storeReport } from '../../../src/broker/offline/store-report.ts';
import type { ExportBatch } from '../../../src/protocol/offline.ts';
import type { StoreExportRequest, StoreReportRequest } from '../../../src/protocol/store.ts';
import { openStore } from '../../../src/store/open.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { moveToMonth, pushAll, startStore } from '../../shared-store/support.ts';
import { step } from '../../store/support.ts';
import type { PostgresServer } from '../../support/postgres.ts';

const devices = ['jit.aaaaaaaa', 'jit.bbbbbbbb', 'jit.cccccccc'] as const;
let server: PostgresServer;
let folder: string;
let config: string;

/** A month of a part of the team, on a device of its own. */
const fileOf = (origin: string): string => path.join(folder, origin, 'jit.db');

async function push(origin: string, more = 0): Promise<void> {
  const store = openStore({ path: fileOf(origin), clock: systemClock, random: systemRandom });
  try {
    if (more > 0) {
      // No signer here: the last events have no signed head yet.
      store.commit((tx) => {
        for (let index = 0; index < more; index += 1) tx.append({ ...step('more'), at: Date.now() });
      });
    }
    await pushAll(server, store);
  } finally {
    store.close();
  }
}

beforeAll(async () => {
  server = await startStore();
  folder = mkdtempSync(path.join(tmpdir(), 'jit-team-store-'));
  config = path.join(folder, 'jit.yaml');
  writeFileSync(path.join(folder, 'password'), 'auditor', { mode: 0o600 });
  writeFileSync(
    config,
    `version: 1
targets:
  box: { provider: command, issue: [/bin/true], revoke: [/bin/true], roles: { use: {} } }
entitlements:
  - { name: all, who: [everyone], roles: ["box:use"], max_duration: 1h }
store:
  host: ${JSON.stringify(server.host)}
  port: ${server.port}
  database: postgres
  auditor: { user: auditor, password: ${JSON.stringify(`file:${path.join(folder, 'password')}`)} }
`,
    { mode: 0o600 },
  );
  for (const [index, origin] of devices.entries()) {
    const year = { ...usualYear, grants: 60, people: 4, to: usualYear.from + 31 * 86_400_000 };
    writeTeamYear(fileOf(origin), { ...year, seed: 10 + index, origin });
    await push(origin);
  }
}, 120_000);
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const usualExport = { format: 'jsonl', ocsf: '1.8', since: null, until: null, cursorFile: null } as const;

async function exported(request: Partial<StoreExportRequest> = {}, takes = Number.POSITIVE_INFINITY) {
  let text = '';
  const batches: ExportBatch[] = [];
  await storeExport(config, { ...usualExport, ...request }, async (batch) => {
    if (batches.length === takes) throw new Error('the reader has gone');
    text += batch.text;
    batches.push(batch);
  });
  return { text, batches, lines: text.split('\n').slice(0, -1) };
}

async function fileText(origin: string, format: 'jsonl' | 'csv' | 'ocsf' | 'cef'): Promise<string> {
  let text = '';
  const request = { ...usualExport, format, after: null, file: fileOf(origin) };
  await auditExport(request, async (batch) => {
    text += batch.text;
  });
  return text;
}

const usualReport: StoreReportRequest = {
  ...{ from: null, to: null, format: 'json', output: null, sample: 3, seed: null, keptSince: null },
  ...{ keys: [], heads: [] },
};

async function reported(request: Partial<StoreReportRequest> = {}) {
  let text = '';
  const told: string[] = [];
  const watch = {
    progress: (what: string, done: number, total: number) => void told.push(`${what} ${done}/${total}`),
    take: async (part: string) => {
      text += part;
    },
  };
  const reply = await storeReport(config, { ...usualReport, ...request }, watch);
  return { reply, text, told };
}

test.each(['jsonl', 'ocsf', 'cef'] as const)(
  'an event of the store is the same line in %s as in the log of its device',
  async (format) => {
    const whole = (await Promise.all(devices.map((origin) => fileText(origin, format)))).join('');
    const { text, batches } = await exported({ format });
    expect(text).toBe(whole);
    expect(batches.at(-1)).toMatchObject({ done: batches[0]?.total, events: whole.split('\n').length - 1 });
  },
);

test('goes on in each log, with one header, and after whatever was cut off', async () => {
  const cursorFile = path.join(folder, 'siem.cursor');
  const all = (await exported({ format: 'csv' })).text;
  const first = exported({ format: 'csv', cursorFile }, 2);
  await expect(first).rejects.toThrow('the reader has gone');
  expect(readFileSync(cursorFile, 'utf8')).toMatch(/^jit store cursor 1\n(jit\.\S+:\d+ [0-9a-f]{64}\n)+$/);
  const second = await exported({ format: 'csv', cursorFile });
  expect(second.text).not.toContain('origin,seq');
  expect(all.endsWith(second.text)).toBe(true);
  expect((await exported({ format: 'csv', cursorFile })).text).toBe('');
  await push(devices[1], 2);
  const third = await exported({ format: 'csv', cursorFile });
  expect(third.lines).toHaveLength(2);
  expect(third.lines.every((line) => line.startsWith(devices[1]))).toBe(true);
  rmSync(cursorFile);
  const early = { format: 'csv', cursorFile, until: 0 } as const;
  expect((await exported(early)).text).toBe('');
  expect(existsSync(cursorFile)).toBe(false);
});

test('refuses a cursor file of a log file, and the other way round', async () => {
  const cursorFile = path.join(folder, 'mixed.cursor');
  const [origin] = devices;
  const fromFile = () =>
    auditExport({ ...usualExport, cursorFile, after: null, file: fileOf(origin) }, async () => undefined);
  await fromFile();
  await expect(exported({ cursorFile })).rejects.toMatchObject({ code: 'ERR_USAGE' });
  rmSync(cursorFile);
  await exported({ cursorFile });
  await expect(fromFile()).rejects.toMatchObject({ code: 'ERR_USAGE' });
});

test('a report holds what the reports of all devices hold together', async () => {
  const period = { from: usualYear.from, to: usualYear.from + 31 * 86_400_000 };
  const { reply, text, told } = await reported(period);
  expect(reply).toMatchObject({ valid: true, requests: 180, logs: { all: 3, invalid: 0 } });
  expect(createHash('sha256').update(text).digest('hex')).toBe(reply.digest);
  expect((await reported(period)).text).toBe(text);
  expect(told.at(-1)).toBe('Writing 0/1');
  const report = JSON.parse(text);
  const sums = { requests: 0, approved: 0, denied: 0, begun: 0, found: 0, loads: 0, unsynced: 0 };
  for (const origin of devices) {
    let own = '';
    const request = { ...usualReport, ...period, file: fileOf(origin) };
    const watch = {
      progress: () => undefined,
      take: async (part: string) => {
        own += part;
      },
    };
    await auditReport(request, watch);
    const one = JSON.parse(own);
    sums.requests += one.population.requests;
    sums.approved += one.population.approved;
    sums.denied += one.population.denied;
    sums.begun += one.population.credentials.begun;
    sums.found += one.anomalies.found.length;
    sums.loads += one.policy.loads;
    sums.unsynced += one.operation.unsynced_ms;
  }
  const { population, anomalies, policy, operation } = report;
  expect({
    ...{ requests: population.requests, approved: population.approved, denied: population.denied },
    ...{ begun: population.credentials.begun, found: anomalies.found.length },
    ...{ loads: policy.loads, unsynced: operation.unsynced_ms },
  }).toEqual(sums);
  expect(report.verification.logs[0].checkpoint).toMatch(/^jit\.aaaaaaaa\n/);
  const times = report.grants.map((grant: { requested_at: string }) => grant.requested_at);
  expect(times).toEqual(times.toSorted());
});

test('without a period it is from the first event of any device to the last', async () => {
  const { reply } = await reported();
  expect(reply.from).toBeLessThan(usualYear.from + 86_400_000);
  const report = JSON.parse((await reported()).text);
  expect(report.population.events).toBe(report.verification.events);
});

test('a bad log is in it up to there, and the others are whole', async () => {
  const name = devices[2];
  await server.sql(`CREATE TABLE public.kept AS SELECT * FROM jit.events WHERE origin = '${name}' AND seq = 100;
    UPDATE jit.events SET body = body || '\\x20' WHERE origin = '${name}' AND seq = 100`);
  try {
    const { reply, text } = await reported();
    expect(reply).toMatchObject({ valid: false, logs: { all: 3, invalid: 1 }, problem: { seq: 100 } });
    const { logs } = JSON.parse(text).verification;
    expect(logs.map(({ stored }: { stored: object }) => stored)).toMatchObject([
      { valid: true },
      { valid: true },
      { valid: false, seen: 100 },
    ]);
    expect((await reported({ format: 'html' })).text).toContain('1 of 3 logs NOT whole');
    const cursorFile = path.join(folder, 'bad.cursor');
    const failed = exported({ cursorFile });
    await expect(failed).rejects.toMatchObject({
      code: 'ERR_AUDIT_INVALID',
      message: `1 of 3 logs could not be exported to the end: "${name}": event 100 does not match its hash`,
    });
    expect(readFileSync(cursorFile, 'utf8').match(/:\d+/g)).toHaveLength(3);
  } finally {
    await server.sql(
      'UPDATE jit.events e SET body = k.body FROM public.kept k WHERE e.origin = k.origin AND e.seq = k.seq',
    );
  }
});

test('is held against keys and heads, as the verification of the store is', async () => {
  const plain = await reported();
  const { verification } = JSON.parse(plain.text);
  expect(verification).not.toHaveProperty('elsewhere');
  const [one, two] = verification.logs as { keys: string[]; checkpoint: string }[];
  const key = one?.keys[0] ?? '';
  const head = path.join(folder, 'two.head');
  writeFileSync(head, two?.checkpoint ?? '');
  const given = { keys: [key], heads: [head] };
  const { reply, text } = await reported(given);
  expect(reply).toMatchObject({ valid: true, logs: { all: 3, invalid: 0, missing: 0 } });
  expect(reply.digest).not.toBe(plain.reply.digest);
  expect(JSON.parse(text).verification.elsewhere).toMatchObject({
    ...{ keys: [key], missing: [] },
    heads: [{ origin: devices[1], standing: 'led_to' }],
  });
  const html = (await reported({ ...given, format: 'html' })).text
    .replaceAll('<wbr>', '')
    .replaceAll('&quot;', '"');
  expect(html).toContain('They lead to 1 head kept elsewhere. Keys were given of 1 of 3 logs.');
  expect(html).toContain(`2: ${devices[1]}, ${devices[2]}`);
  expect(html).toContain(`HEAD1=${head}`);
  expect(html).toContain(`jit audit verify --store --key ${key} --head "$HEAD1"`);

  // A head of events that the store does not have, and logs that it does not have at all.
  const [, size = ''] = (two?.checkpoint ?? '').split('\n');
  writeFileSync(head, (two?.checkpoint ?? '').replace(`\n${size}\n`, `\n${Number(size) + 500}\n`));
  const ahead = await reported(given);
  expect(ahead.reply).toMatchObject({
    ...{ valid: false, logs: { all: 3, invalid: 1, missing: 0 } },
    problem: { what: expect.stringContaining('does not lead to the head') },
  });
  writeFileSync(head, (two?.checkpoint ?? '').replace(devices[1], 'jit.dddddddd'));
  const gone = await reported(given);
  expect(gone.reply).toMatchObject({
    ...{ valid: false, logs: { all: 3, invalid: 0, missing: 1 } },
    problem: { what: '"jit.dddddddd" is not there, and a key or a head of it was given' },
  });
  expect((await reported({ ...given, format: 'html' })).text).toContain('NOT in the store: jit.dddddddd');
});

test('says what is missing where nobody is named as auditor', async () => {
  const other = path.join(folder, 'other.yaml');
  writeFileSync(other, readFileSync(config, 'utf8').replace(/store:[\s\S]*/, ''), { mode: 0o600 });
  const wanted = { code: 'ERR_CONFIG', hint: expect.stringContaining('jit store init') };
  await expect(storeExport(other, usualExport, async () => undefined)).rejects.toMatchObject(wanted);
  const watch = { progress: () => undefined, take: async () => undefined };
  await expect(storeReport(other, usualReport, watch)).rejects.toMatchObject(wanted);
});

// The last one: it takes away events that the others look at.
test('what is past its retention is said, and is a fault where everything has to be there', async () => {
  const [name] = devices;
  const admin = await server.connect();
  try {
    const [row] = await server.sql(`SELECT min(seq)::int AS first FROM jit.events WHERE origin = '${name}'`);
    await moveToMonth(admin, name, Number(row?.['first']), 300, '2024-01');
    const gone = await admin.query("SELECT jit.detach_before('2024-02-01T00:00Z') AS name");
    for (const one of gone.rows) await admin.query(`DROP TABLE jit.${one.name}`);
  } finally {
    await admin.end();
  }
  const to = usualYear.to;
  const whole = await reported({ to });
  expect(whole.reply).toMatchObject({ valid: false, logs: { all: 3, invalid: 1 } });
  const keptSince = to - 86_400_000;
  const { reply, text } = await reported({ to, keptSince });
  expect(reply).toMatchObject({ valid: true, problem: null });
  const report = JSON.parse(text);
  expect(report.store).toEqual({ kept_since_at: new Date(keptSince).toISOString() });
  const { logs, events } = report.verification;
  expect(logs[0].stored).toMatchObject({ valid: true, first_seq: 300, seen: logs[0].events - 300 });
  expect(events).toBe(
    logs.reduce((sum: number, log: { stored: { seen: number } }) => sum + log.stored.seen, 0),
  );
  expect(report.population.ranges[0]).toMatchObject({ first: '300', gaps: 0 });
  const page = (await reported({ to, keptSince, format: 'html' })).text;
  expect(page).toContain('The beginning of 1 log is past its retention.');
  expect(page).toContain('--kept-since 2025-12-31T00:00:00Z');
  expect((await exported()).lines).toHaveLength(events);
});

test('an event that is not that of its place is shown as unreadable, whatever its row says', async () => {
  const [origin, other] = devices;
  const [row] = await server.sql(`SELECT max(seq)::int AS seq FROM jit.events WHERE origin = '${origin}'`);
  const last = Number(row?.['seq']);
  const all = { grant: null, target: null, principal: null, since: null, until: null, limit: 10_000 };
  const shown = async () => {
    const { events } = await storeLog(config, all);
    return events.find(({ body }) => body['origin'] === origin && body['seq'] === String(last))?.body['type'];
  };
  const before = await shown();
  expect(before).not.toBe('unreadable');
  const where = `WHERE origin = '${origin}' AND seq = ${last}`;
  await server.sql(`CREATE TABLE public.own AS SELECT leaf, body FROM jit.events ${where}`);
  try {
    for (const columns of ['body', 'leaf, body']) {
      await server.sql(`UPDATE jit.events SET (${columns}) =
        (SELECT ${columns} FROM jit.events WHERE origin = '${other}' ORDER BY seq DESC LIMIT 1) ${where}`);
      expect([columns, await shown()]).toEqual([columns, 'unreadable']);
    }
  } finally {
    await server.sql(`UPDATE jit.events SET (leaf, body) = (SELECT leaf, body FROM public.own) ${where}`);
  }
  expect(await shown()).toBe(before);
});
