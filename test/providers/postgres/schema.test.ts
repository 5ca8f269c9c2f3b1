// What a PostgreSQL target may look like in the config, and what its values mean together.

import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { sslModeOf } from '../../../src/core/postgres-address.ts';
import { postgresSchema, validatePostgres } from '../../../src/providers/postgres/schema.ts';
import { targetOn } from '../../support/postgres-target.ts';

const target = v.strictObject(postgresSchema.target);
const role = v.strictObject(postgresSchema.role);
const good = { host: 'db.example.com', database: 'orders', user: 'jit_broker', password: 'env:DB' };

describe('the schema of a PostgreSQL target', () => {
  it('fills in defaults, and stays the same when parsed again', () => {
    const once = v.parse(target, good);
    expect(once).toMatchObject({ port: 5432, quarantine_role: 'jit_quarantine' });
    expect(v.parse(target, once)).toEqual(once);
    expect(v.parse(role, { groups: ['app_ro'] })).toMatchObject({ connection_limit: 4, read_only: false });
  });

  it.each([
    ['a password in plain text', { password: 'hunter2' }],
    ['a port out of range', { port: 70_000 }],
    ['a name of more than 63 bytes', { database: 'ä'.repeat(32) }],
    ['an empty name', { user: '' }],
    ['a host with a line break', { host: 'db\nhost=evil' }],
    ['an unknown sslmode', { sslmode: 'prefer' }],
    ['a timeout without unit', { connect_timeout: '5' }],
  ])('refuses %s and does not repeat it', (_what, change) => {
    const result = v.safeParse(target, { ...good, ...change });
    expect(result.success).toBe(false);
    expect(JSON.stringify(result.issues?.map(({ message }) => message))).not.toContain('hunter2');
  });

  it.each([
    ['no group', { groups: [] }],
    ['no connection', { groups: ['a'], connection_limit: 0 }],
    ['a timeout of zero', { groups: ['a'], statement_timeout: '0s' }],
  ])('refuses a role with %s', (_what, options) => {
    expect(v.safeParse(role, options).success).toBe(false);
  });

  it('wants proof of who the server is, except on this machine', () => {
    expect(sslModeOf({ host: 'db.example.com' })).toBe('verify-full');
    expect(sslModeOf({ host: 'db.example.com', sslmode: 'require' })).toBe('require');
    expect(sslModeOf({ host: '127.0.0.1' })).toBe('disable');
    expect(sslModeOf({ host: '::1', sslmode: 'verify-ca' })).toBe('verify-ca');
    expect(sslModeOf({ host: '/var/run/postgresql', sslmode: 'verify-full' })).toBe('disable');
    expect(sslModeOf({ host: '127.0.0.1.example.com' })).toBe('verify-full');
  });
});

describe('a PostgreSQL target as a whole', () => {
  const server = { host: '/tmp', port: 5432 };

  it('is right as the tests use it', () => {
    expect(validatePostgres(targetOn(server))).toEqual([]);
  });

  it.each([
    [targetOn(server, {}, { r: { groups: ['a'], scopes: { s: { groups: ['b'] } } } }), /scope "s" gives "b"/],
    [targetOn(server, {}, { r: { groups: ['jit_broker'] } }), /the broker's own login/],
    [targetOn(server, {}, { r: { groups: ['jit_quarantine'] } }), /the quarantine role/],
    [targetOn(server, {}, { r: { groups: ['pg_execute_server_program'] } }), /no revocation can take back/],
    [targetOn(server, { quarantine_role: 'jit_broker' }), /quarantine_role is the broker's own login/],
    [targetOn(server, { ssl_root_cert: '/etc/ca.pem' }), /has no effect/],
  ])('says what does not fit: %#', (config, problem) => {
    expect(validatePostgres(config)).toEqual([expect.stringMatching(problem)]);
  });
});
