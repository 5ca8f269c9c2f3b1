import { expect, test } from 'vitest';
import { kinds } from '../../src/broker/providers.ts';
import { JitError } from '../../src/core/errors.ts';
import { loadConfig } from '../../src/policy/load.ts';

const load = (store: string, anchor = '') =>
  loadConfig({
    path: 'jit.yaml',
    kinds,
    readFile: () => '',
    text: `version: 1
targets: { t: { provider: command, roles: { r: {} }, issue: [/bin/true], revoke: [/bin/true] } }
entitlements: [{ name: e, who: [everyone], roles: ["t:r"], max_duration: 1h${anchor} }]
${store}`,
  });

const problemOf = (...input: Parameters<typeof load>): string => {
  try {
    load(...input);
    return '';
  } catch (thrown) {
    if (thrown instanceof JitError) return thrown.message;
    throw thrown;
  }
};

test('a store has defaults that are safe, and its passwords are references', () => {
  const { store, entitlements } = load('store: { host: db, database: jit, user: w, password: "env:P" }');
  expect(store).toEqual({
    address: {
      host: 'db',
      port: 5432,
      database: 'jit',
      sslmode: 'verify-full',
      sslRootCert: null,
      connectTimeout: 5_000,
    },
    writer: { user: 'w', password: 'env:P' },
    auditor: null,
    maxUnsynced: { events: 1_000, age: 86_400_000 },
    endTimeout: 2_000,
  });
  expect(entitlements[0]?.anchor).toBe('none');
  expect(load('').store).toBeNull();
  expect(problemOf('store: { host: db, database: jit, user: w, password: hunter2 }')).not.toContain(
    'hunter2',
  );
});

test('limits can be set one by one', () => {
  const { store } = load(
    'store: { host: db, database: jit, auditor: { user: a, password: "env:A" }, max_unsynced: { age: 1h } }',
  );
  expect(store).toMatchObject({ writer: null, maxUnsynced: { events: 1_000, age: 3_600_000 } });
});

test.each([
  ['user and password', 'store: { host: db, database: jit, user: w }'],
  ['or an auditor', 'store: { host: db, database: jit }'],
  ['other than disable', 'store: { host: db, database: jit, user: w, password: "env:P", sslmode: disable }'],
  [
    'ssl_root_cert',
    'store: { host: db, database: jit, user: w, password: "env:P", sslmode: require, ssl_root_cert: /c }',
  ],
  ['unknown', 'store: { host: db, database: jit, user: w, password: "env:P", hots: x }'],
])('it is refused without %s', (words, store) => {
  expect(problemOf(store)).toMatch(words);
});

test('anchor: before-issue needs a store that this broker can write to', () => {
  const anchor = ', anchor: before-issue';
  expect(problemOf('', anchor)).toContain('expected a section "store"');
  expect(
    problemOf('store: { host: db, database: jit, auditor: { user: a, password: "env:A" } }', anchor),
  ).toContain('store');
  expect(
    load('store: { host: db, database: jit, user: w, password: "env:P" }', anchor).entitlements[0]?.anchor,
  ).toBe('before-issue');
});
