import { describe, expect, it } from 'vitest';
import { registry } from '../../src/cli/registry.ts';
import { usualShellTerms } from '../../src/core/shell-terms.ts';
import type { Offline } from '../../src/protocol/offline.ts';
import { createFakeClient, fakeGrant, fakeLog, fakeNow, fakeStatus } from '../fakes/client.ts';
import { jit } from './harness.ts';

/** Names and nesting of a value; of lists the first entry stands for all. What is null on one side says nothing. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length ? [shapeOf(value[0])] : [];
  if (typeof value !== 'object' || value === null) return 'value';
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
}

const finding = {
  kind: 'owned-object',
  target: 'prod-db',
  lease: null,
  where: 'x',
  detail: 'y',
  action: 'z',
  foundAt: fakeNow,
} as const;
const anomaly = {
  rule: 'creep',
  severity: 'medium',
  why: 'x',
  action: 'notify',
  principal: 'y',
  target: 'z',
  grant: 'g',
  foundAt: fakeNow,
} as const;
const check = { target: null, name: 'x', status: 'ok', detail: 'y', remedy: 'z' } as const;
const documented = registry.find(({ name }) => name === 'audit log')?.json as { events: { body: object }[] };
const tailed = registry.find(({ name }) => name === 'audit tail')?.json as { body: object };

const client = () =>
  createFakeClient({
    status: async () =>
      fakeStatus({
        grants: [fakeGrant()],
        recentFindings: [finding],
        recentAnomalies: [anomaly],
        auditLog: fakeLog({ signed: false }),
      }),
    doctor: async () => ({ checks: [check] }),
    elevate: async () => ({
      ...{ grant: fakeGrant(), env: { JIT_TOKEN: 'x' }, unset: [], notes: [], shell: usualShellTerms },
      secrets: ['JIT_TOKEN'],
    }),
    sync: async () => ({
      ...{ origin: 'x', events: 1, acknowledged: 1, heard: true, since: null, running: false, failure: null },
      ...{ refused: [], lost: [] },
      store: { host: 'x', port: 1, database: 'y', user: 'z', maxUnsynced: { events: 1, age: 1 } },
    }),
    follow: async () => ({ events: [{ leaf: 'x', body: { ...tailed.body } }], next: 0 }),
    audit: async () => ({ events: [{ leaf: 'x', body: { ...documented.events[0]?.body } }] }),
  });

const limit = { value: 1, from: 'target' } as const;
const offline: Partial<Offline> = {
  policyCheck: async () => ({ path: 'x', targets: 1, entitlements: 1, warnings: [] }),
  policyExplain: async () => ({
    ...{ principal: 'user:ada', target: 'x', role: 'y', scope: null, outcome: 'denied', duration: 1 },
    ...{ entitlement: null, reasons: ['x'], hint: null, limit, preview: ['x'] },
    considered: [{ entitlement: 'x', matched: true, why: 'y' }],
    outcome: 'denied',
  }),
  policyTest: async () => ({
    path: 'x',
    cases: [{ name: 'x', expected: 'denied', actual: 'denied', passed: true, why: '' }],
  }),
  auditVerify: async () => ({
    ...{
      path: 'x',
      valid: true,
      events: 1,
      head: 'x',
      firstAt: null,
      lastAt: null,
      clockSteps: 0,
      problem: null,
    },
    logs: [{ origin: 'x', events: 1, root: 'x', signed: 1, keys: ['x'], fork: null, problem: null }],
    heads: 1,
    excused: 0,
    trusted: [],
  }),
  auditProve: async () => ({ origin: 'x', seq: 1, leaf: 'x', size: 2, output: null, proof: 'x' }),
  storeInit: async () => ({ applied: ['append'], version: 3 }),
  storeSql: () => '-- SQL',
  auditVerifyProof: async () => ({
    ...{ path: 'x', valid: true, origin: 'x', seq: 1, leaf: 'x', size: 2, root: 'x', key: 'x' },
    valid: true,
    event: { type: 'x', ts: 'x', seq: '1' },
  }),
  init: async () => ({ path: 'x', secret: 'y', sql: 'z' }),
  initAws: async () => ({ path: 'x', terraform: 'y', commands: ['z'], notes: ['n'] }),
  secretCheck: async () => ({ reference: 'x', accessKey: { ends: 'y', temporary: false } }),
};

const argvOf: Record<string, string[]> = {
  'store init': ['--host', 'db', '--database', 'jit'],
  elevate: ['prod-db', '--keep'],
  token: ['prod-db'],
  env: ['prod-db'],
  console: ['prod-db', '--print'],
  revoke: ['--all'],
  extend: ['g7f3k2', '--for', '1h'],
  'policy explain': ['prod-db'],
  'policy test': ['cases.yaml'],
  'init postgres': ['x', '--host', 'h', '--database', 'd', '--role', 'r=g'],
  'init aws': [
    ...['x', '--region', 'eu-west-1', '--credentials', 'default'],
    ...['--role', 'r=arn:aws:iam::123456789012:role/r'],
  ],
  'audit prove': ['1'],
  'audit fork': ['--reason', 'x', '--yes'],
  'audit verify-proof': ['x', '--key', 'k'],
  'secret check': ['keychain:jit/x'],
  init: ['x', '--host', 'h', '--database', 'd', '--role', 'r=g'],
};

/** Parts whose names are of others: only that they are there matters. */
function known(shape: unknown): unknown {
  return JSON.parse(
    JSON.stringify(shape, (key, value) =>
      ['env', 'hardening', 'unset', 'secrets'].includes(key) ? 'any' : value,
    ),
  );
}

describe('--json', () => {
  it.each(registry.filter(({ json }) => json !== null).map((command) => [command.name, command] as const))(
    'of %s prints the fields that its help documents',
    async (name, command) => {
      const argv = [...name.split(' '), ...(argvOf[name] ?? []), '--json'];
      const ran = await jit(argv, { client: client(), offline, exists: () => false });
      expect(ran.stderr).toBe('');
      expect(ran.code).toBe(0);
      const printed = known(shapeOf(JSON.parse(ran.stdout)));
      expect(printed).toEqual(known(shapeOf({ schema: 1, ...command.json })));
    },
  );

  it.each(registry.filter(({ json }) => json === null).map(({ name }) => [name] as const))(
    'is refused by %s, which prints no data',
    async (name) => {
      const ran = await jit([...name.split(' '), '--json']);
      expect(ran.code).toBe(2);
      expect(ran.stderr).toContain('unknown option \\"--json\\"');
    },
  );
});
