// The examples of all commands, and what each needs around it so that it can be run: a grant whose id stands in
// place of the example's, a session or terminal to be in, a file to read.

import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { registry } from '../../src/cli/registry.ts';
import type { PostgresServer } from './postgres.ts';
import { createWorld, finish, type Ran, type World } from './world.ts';

const bundle = path.join(import.meta.dirname, '../../dist/jit.cjs');

/** Every example as help shows it. */
export const examples = registry.flatMap(({ name, examples: lines }) =>
  lines.map(({ command }) => ({ name, line: command })),
);

/** A configuration whose names are those of the examples. */
function exampleConfig(server: PostgresServer): string {
  return `
version: 1
targets:
  prod-db:
    provider: postgres
    host: ${server.host}
    port: ${server.port}
    database: orders
    user: jit_broker
    password: $SECRET
    roles:
      read: { groups: [app_ro], read_only: true }
      write: { groups: [app_rw] }
groups:
  developers: [$ME, user:bob]
entitlements:
  - { name: read, who: [group:developers], roles: ["prod-db:read"], max_duration: 2h }
  - { name: write, who: [group:developers], roles: ["prod-db:write"], max_duration: 1h, reason: { required: true } }
`;
}

const cases = `cases:
  - { name: bob reads, principal: "user:bob", request: "prod-db:read", for: 30m, expect: allowed }
  - { name: bob writes without a reason, principal: "user:bob", request: "prod-db:write", expect: denied }
`;

/** A user who types examples. */
export interface Typist {
  readonly world: World;
  /** With `jit` and the superuser's login. */
  readonly env: Record<string, string>;
  /** Runs a line as a shell would. */
  sh(line: string): Promise<Ran>;
  start(line: string): ChildProcess;
  /** A grant that is kept; its id. */
  keptGrant(): Promise<string>;
  /** A copy of the log, as a backup has it; its folder. */
  backup(): string;
}

/** Makes the user, whose folder holds the files that examples name. */
export function createTypist(server: PostgresServer): Typist {
  const world = createWorld(exampleConfig(server));
  const bin = path.join(world.dir, 'bin');
  mkdirSync(bin);
  const command = path.join(bin, 'jit');
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${bundle}" "$@"\n`);
  chmodSync(command, 0o755);
  writeFileSync(path.join(world.dir, 'policy-test.yaml'), cases);
  const env = {
    ...(world.env as Record<string, string>),
    PATH: `${bin}:${process.env.PATH}`,
    SHELL: '/bin/bash',
    PGHOST: server.host,
    PGPORT: String(server.port),
    PGPASSWORD: server.superuser.password,
  };
  const start: Typist['start'] = (line) =>
    spawn('sh', ['-c', line], { env, cwd: world.dir, stdio: ['pipe', 'pipe', 'pipe'] });
  const sh: Typist['sh'] = (line) => finish(start(line));
  return {
    world,
    env,
    sh,
    start,
    async keptGrant() {
      const { stdout } = await sh('jit elevate prod-db:read --for 5m --keep --json');
      return (JSON.parse(stdout) as { grant: { id: string } }).grant.id;
    },
    backup() {
      const folder = path.join(world.dir, 'backup');
      mkdirSync(folder, { recursive: true });
      for (const file of readdirSync(world.paths.stateDir).filter((name) => name.startsWith('jit.db'))) {
        cpSync(path.join(world.paths.stateDir, file), path.join(folder, file));
      }
      return folder;
    },
  };
}
