import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeNames } from '../../src/broker/names.ts';
import type { RoleConfig, TargetConfig } from '../../src/core/target.ts';
import { askBash } from '../cli/completion/bash.ts';
import { temporaryFolder } from '../fakes/folder.ts';
import { createWorld } from '../support/world.ts';

const role = (name: string, scopes: readonly string[] = []): RoleConfig => ({
  name,
  description: null,
  options: {},
  scopes: new Map(scopes.map((scope) => [scope, { name: scope, description: null, options: {} }])),
});

const target = (name: string, ...roles: RoleConfig[]): [string, TargetConfig] => [
  name,
  {
    name,
    provider: 'postgres',
    description: null,
    risk: 'low',
    maxDuration: null,
    onEnd: 'lock',
    options: {},
    roles: new Map(roles.map((one) => [one.name, one])),
  },
];

function write(file: string, ...targets: [string, TargetConfig][]): string[] {
  const warnings: string[] = [];
  const log = { info: () => undefined, warn: (text: string) => warnings.push(text), error: () => undefined };
  writeNames(file, { targets: new Map(targets) }, log as never);
  return warnings;
}

describe('the names file', () => {
  it('has a line for each target, in the order of bytes, readable by nobody else', () => {
    const file = path.join(temporaryFolder(), 'names');
    const targets = [target('db.x', role('read')), target('db', role('read', ['a', 'b']), role('write'))];
    expect(write(file, ...targets, target('db-2', role('admin')))).toEqual([]);
    expect(readFileSync(file, 'utf8')).toBe('# jit names 1\ndb read:a,b write\ndb-2 admin\ndb.x read\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(path.dirname(file))).toEqual(['names']);
  });

  it('leaves out what is no name', () => {
    const file = path.join(temporaryFolder(), 'names');
    write(file, target('a\nb', role('read')), target('db', role('$(x)'), role('read', ['a,b', "'", 'ok'])));
    expect(readFileSync(file, 'utf8')).toBe('# jit names 1\ndb read:ok\n');
  });

  it('that cannot be written is a line in the log, and no failure', () => {
    expect(write(path.join(temporaryFolder(), 'absent', 'names'))).toEqual([
      expect.stringContaining('the names for completion cannot be written'),
    ]);
  });
});

const config = (name: string): string => `
version: 1
targets:
  ${name}:
    provider: postgres
    host: db.example
    database: orders
    user: jit_broker
    password: env:PASSWORD
    roles:
      read: { groups: [app_ro] }
entitlements:
  - { name: all, who: [everyone], roles: ["${name}:read"], max_duration: 1h }
`;

describe('a broker', () => {
  it('writes the names where completion looks for them, and anew when the configuration changes', async () => {
    const world = createWorld(config('orders-db'));
    onTestFinished(() => world.remove());
    const env = Object.fromEntries(Object.entries(world.env).map(([key, value]) => [key, value ?? '']));
    expect(askBash('jit elevate ', env)).toEqual([]);
    expect(await world.jit('targets')).toMatchObject({ code: 0, stderr: '' });
    expect(askBash('jit elevate ', env)).toEqual(['orders-db', 'orders-db:read']);
    world.writeConfig(config('other-db'));
    await world.jit('targets');
    expect(askBash('jit elevate ', env)).toEqual(['other-db', 'other-db:read']);
  });
});
