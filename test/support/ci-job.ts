// A CI job for tests: a container-like place to run scripts of pipelines in, with a target, an issuer and a configuration.
// Nothing of the user who runs the tests reaches it.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type FakeIssuer, startIssuer } from '../fakes/issuer.ts';
import { type PostgresServer, startPostgres } from './postgres.ts';
import { brokerPassword, finish, prepareServer, type Ran } from './world.ts';

const root = path.join(import.meta.dirname, '..', '..');

/** What the tokens of this configuration are for. */
export const audience = 'jit.acme.example';

/** A uid that no user database knows. */
const stranger = 54_321;

function canUnshare(): boolean {
  try {
    if (process.getuid?.() !== 0) return false;
    execFileSync('unshare', ['-m', 'setpriv', '--reuid', String(stranger), '--clear-groups', 'true'], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

/** A read-only file system and a uid without a name need rights of root; elsewhere only the environment is bare. */
export const hasContainer = canUnshare();

/** A place for jobs, whatever they ask for. */
export interface JobPlace {
  readonly issuer: FakeIssuer;
  readonly dir: string;
  /** The one folder that a job may write to. */
  readonly temp: string;
  /** Secrets that may be in no output. */
  readonly needles: () => string[];
  /** Starts a bash script as a step of a job; its own session, so no terminal reaches it. */
  start(script: string, env?: Readonly<Record<string, string>>): ChildProcess;
  run(script: string, env?: Readonly<Record<string, string>>): Promise<Ran>;
  close(): Promise<void>;
}

/** One with a database. */
export interface CiPlace extends JobPlace {
  readonly server: PostgresServer;
  /** Roles that jit has made on the server and that are still there. */
  roles(): Promise<string[]>;
}

/** The configuration's own words for jobs. */
const issuersPart = (issuer: FakeIssuer): string => `
issuers:
  github:
    kind: github
    issuer: ${issuer.url}
    audience: ${audience}
    jobs:
      deploy-web:
        repository_id: "123"
        repository_owner_id: "45"
        environment: production
        workflow: acme/web/.github/workflows/deploy.yml@refs/heads/main
`;

const databaseConfig = (server: PostgresServer, secret: string): string => `
version: 1
targets:
  orders-db:
    provider: postgres
    host: 127.0.0.1
    port: ${server.port}
    database: orders
    user: jit_broker
    password: file:${secret}
    roles:
      read: { groups: [app_ro], read_only: true }
      write: { groups: [app_rw] }
entitlements:
  - { name: deploy-reads, who: ["job:deploy-web"], roles: ["orders-db:read"], max_duration: 15m }
  - { name: deploy-writes, who: ["job:deploy-web"], roles: ["orders-db:write"], max_duration: 15m, reason: { required: true } }
`;

/** @param build `dist-test` has failpoints */
export async function createCiPlace(build: 'dist' | 'dist-test' = 'dist'): Promise<CiPlace> {
  const server = await startPostgres({ version: 18 });
  await prepareServer(server);
  const place = await createJobPlace({
    build,
    secret: `${brokerPassword}\n`,
    config: (file) => databaseConfig(server, file),
  });
  return {
    ...place,
    server,
    needles: () => [brokerPassword, ...place.needles()],
    async roles() {
      const rows = await server.sql(`SELECT rolname FROM pg_roles WHERE rolname ~ '^jit_l'`);
      return rows.map(({ rolname }) => String(rolname));
    },
    async close() {
      await place.close();
      await server.stop();
    },
  };
}

interface JobPlaceOptions {
  /** `dist-test` has failpoints. */
  readonly build: 'dist' | 'dist-test';
  /** The broker's own. */
  readonly secret: string;
  /** All but the issuers, for a secret in that file. */
  readonly config: (secret: string) => string;
}

/** The place alone. `needles` are what jobs show and are shown. */
export async function createJobPlace({ build, secret: text, config }: JobPlaceOptions): Promise<JobPlace> {
  const issuer = await startIssuer();
  const dir = mkdtempSync(path.join(os.tmpdir(), 'jit-ci-'));
  const temp = path.join(dir, 'temp');
  const [bin, own] = [path.join(dir, 'bin'), path.join(dir, 'secret')];
  for (const folder of [temp, bin, own]) mkdirSync(folder, { mode: 0o755 });
  chmodSync(dir, 0o755);
  const shim = path.join(bin, 'jit');
  writeFileSync(shim, `#!/bin/sh\nexec "${process.execPath}" "${path.join(root, build, 'jit.cjs')}" "$@"\n`);
  chmodSync(shim, 0o755);
  const secret = path.join(own, 'broker.secret');
  writeFileSync(secret, text, { mode: 0o600 });
  writeFileSync(path.join(dir, 'jit.yaml'), config(secret) + issuersPart(issuer), { mode: 0o644 });
  if (hasContainer) for (const file of [temp, own, secret]) chownSync(file, stranger, stranger);

  const usual = {
    PATH: `${bin}:/usr/local/bin:/usr/bin:/bin`,
    JIT_CONFIG: path.join(dir, 'jit.yaml'),
    TMPDIR: temp,
    CI: 'true',
  };
  const inside = [
    // Where one is already stays what lies below the mount.
    'mount --bind "$0" "$0" && mount -o remount,bind,ro / && cd "$0" &&',
    `exec setpriv --reuid ${stranger} --regid ${stranger} --clear-groups --no-new-privs bash -c "$1"`,
  ].join(' ');
  const start: CiPlace['start'] = (script, env = {}) => {
    const [command, ...args] = hasContainer
      ? ['unshare', '-m', '--propagation', 'private', 'sh', '-c', inside, temp, script]
      : ['bash', '-c', script];
    const home = hasContainer ? {} : { HOME: path.join(dir, 'no-home') };
    return spawn(command as string, args, {
      env: { ...usual, ...home, ...env },
      cwd: temp,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  };
  return {
    issuer,
    dir,
    temp,
    needles: () => [issuer.requestToken, ...issuer.tokens],
    start,
    run: (script, env) => finish(start(script, env)),
    async close() {
      rmSync(dir, { recursive: true, force: true });
      await issuer.close();
    },
  };
}
