// OCSF: every type of event against the published schema, 1.8 and 1.9.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ocsf } from '../../../src/audit/export/ocsf.ts';
import { ocsfVersions } from '../../../src/audit/export/ocsf-classes.ts';
import { all, exported, nasty, nastyEvents } from './events.ts';
import { type OcsfSchema, ocsfProblems } from './ocsf-checker.ts';

const schemaOf = (version: string) =>
  JSON.parse(
    readFileSync(path.join(import.meta.dirname, `../../vectors/ocsf-${version}.json`), 'utf8'),
  ) as OcsfSchema;
const record = (version: '1.8' | '1.9', type: string) => {
  const event = all.find(({ body }) => body.type === type);
  if (!event) throw new Error(`no event ${type}`);
  return JSON.parse(ocsf('0.1.0', version).line(event));
};

describe.each(ocsfVersions)('OCSF %s', (version) => {
  const schema = schemaOf(version);
  const formatter = ocsf('0.1.0', version);

  test.each(all.map((event) => [event.body.type, event] as const))('takes %s', (_type, event) => {
    expect(ocsfProblems(schema, JSON.parse(formatter.line(event)))).toEqual([]);
  });

  test('takes events that name nobody and nothing, and of grants that are not known', () => {
    for (const { body, ...event } of all) {
      const { principal: _p, target: _t, grant: _g, lease: _l, ...bare } = body;
      expect(ocsfProblems(schema, JSON.parse(formatter.line({ ...event, body: bare, asked: null })))).toEqual(
        [],
      );
    }
  });

  test('tells the name of each activity as the schema does', () => {
    for (const event of all) {
      const line = JSON.parse(formatter.line(event));
      if (line.activity_id === 99) continue;
      expect(schema.classes[line.class_uid]?.attributes['activity_id']?.enum?.[line.activity_id]).toBe(
        line.activity_name,
      );
    }
  });

  test('holds texts of people as they are, on one line', () => {
    for (const [index, event] of nastyEvents.entries()) {
      const text = formatter.line(event);
      expect(text.indexOf('\n')).toBe(text.length - 1);
      expect(JSON.parse(text).unmapped.jit.data.reason).toBe(nasty[index]);
    }
  });
});

test('a credential is a privilege in 1.8 and a role in 1.9, which has the chain as well', () => {
  expect(record('1.8', 'lease.issued')).toMatchObject({
    class_uid: 3005,
    type_uid: 300_501,
    privileges: ['prod-db:read'],
    metadata: { version: '1.8.0', correlation_uid: 'g1' },
  });
  expect(record('1.8', 'lease.revoked')).toMatchObject({ type_uid: 300_502 });
  expect(record('1.9', 'lease.issued')).toMatchObject({ type_uid: 300_716, iam_roles: [{ name: 'read' }] });
  const [first, second] = exported([
    { type: 'log.open', at: 0, data: { version: '1' } },
    { type: 'clock.step', at: 1, data: { by_ms: 1 } },
  ]).map((event) => JSON.parse(ocsf('0.1.0', '1.9').line(event)).attestation_list[0]);
  expect(first).not.toHaveProperty('prev_event');
  expect(second.prev_event.fingerprint.value).toBe(first.fingerprint.value);
});

test('a denial tells which rule, its code and why', () => {
  expect(record('1.8', 'grant.denied')).toMatchObject({
    status: 'Failure',
    status_code: 'ERR_POLICY_DENIED',
    status_detail: 'no rule',
    actor: { authorizations: [{ decision: 'denied', policy: { uid: 'p' } }] },
  });
});

test('a finding is as grave as the anomaly', () => {
  expect(record('1.8', 'anomaly.found')).toMatchObject({
    class_uid: 2004,
    severity_id: 3,
    is_alert: false,
    finding_info: { analytic: { name: 'activation-burst' } },
  });
  expect(record('1.8', 'log.fork')).toMatchObject({ severity_id: 5, is_alert: true });
});

describe('the checker refuses', () => {
  const schema = schemaOf('1.8');
  const good = record('1.8', 'lease.issued');
  test.each<[string, object, string]>([
    ['an unknown attribute', { colour: 'red' }, 'colour: unknown attribute'],
    ['a missing one', { user: undefined }, 'user: required'],
    ['a wrong sum', { type_uid: 1 }, 'type_uid: 1 where 300501 should be'],
    ['a wrong type', { time: 'now' }, 'time: no timestamp_t'],
    ['a value outside of an enum', { severity_id: 7 }, 'severity_id: 7 is no value of its enum'],
    ['what another profile has', { device: {} }, 'device: only with the profile host'],
    ['a text where a list should be', { privileges: 'x' }, 'privileges: not an array'],
    ['an object without a name', { user: { type_id: 1 } }, 'user.: needs one of account,name,uid'],
    ['what is deprecated', { resource: { name: 'x' } }, 'resource: deprecated'],
  ])('%s', (_what, change, problem) => {
    expect(ocsfProblems(schema, JSON.parse(JSON.stringify({ ...good, ...change })))).toContain(problem);
  });
});
