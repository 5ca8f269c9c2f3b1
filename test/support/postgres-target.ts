// A PostgreSQL server prepared as an administrator would, and a provider on it: what provider tests start from.

import type { Finding } from '../../src/core/finding.ts';
import type { Json } from '../../src/core/json.ts';
import { Secret } from '../../src/core/secret.ts';
import type { RoleConfig, TargetConfig } from '../../src/core/target.ts';
import { type PostgresHandle, postgresKind } from '../../src/providers/postgres/index.ts';
import type {
  Issued,
  PlanRequest,
  Provider,
  ProviderTools,
  RevokeReport,
} from '../../src/providers/provider.ts';
import { type Clock, systemClock } from '../../src/system/clock.ts';
import { randomId, systemRandom } from '../../src/system/random.ts';
import type { PostgresServer } from './postgres.ts';

export const brokerPassword = 'broker-canary-6Yq0';

/** The real clock, except that nobody waits for long. */
export const quickClock: Clock = {
  ...systemClock,
  after: (delay, callback) => systemClock.after(Math.min(delay, 20), callback),
};

/** Tools that wait by {@link quickClock}, and a resolver that knows one password. */
const tools: ProviderTools = {
  clock: quickClock,
  random: systemRandom,
  origin: 'jit.0000000000test00',
  resolveSecret: async () => new Secret(brokerPassword),
};

interface RoleShape {
  readonly scopes?: Record<string, unknown>;
  readonly [option: string]: unknown;
}

/** A target on `server`; `options` and `roles` win over the usual ones. */
export function targetOn(
  server: Pick<PostgresServer, 'host' | 'port'>,
  options: Record<string, unknown> = {},
  roles: Record<string, RoleShape> = {
    read: { groups: ['app_ro'] },
    write: { groups: ['app_ro', 'app_rw'] },
  },
): TargetConfig {
  const roleConfigs = Object.entries(roles).map(([name, { scopes = {}, ...given }]): [string, RoleConfig] => {
    const narrowed = Object.entries(scopes).map(
      ([scope, value]) => [scope, { name: scope, description: null, options: value }] as const,
    );
    return [name, { name, description: null, options: given, scopes: new Map(narrowed) }];
  });
  return {
    name: 'prod-db',
    provider: 'postgres',
    description: null,
    risk: 'high',
    maxDuration: null,
    onEnd: 'lock',
    options: {
      host: server.host,
      port: server.port,
      database: 'orders',
      user: 'jit_broker',
      password: 'env:TEST_BROKER_PASSWORD',
      ...options,
    },
    roles: new Map(roleConfigs),
  };
}

/** Databases `orders` and `billing`, groups `app_ro` and `app_rw`, and the set-up that the provider itself prints. */
export async function prepare(
  server: PostgresServer,
  target: TargetConfig = targetOn(server),
): Promise<void> {
  for (const database of ['orders', 'billing']) {
    await server.createDatabase(database);
    await server.sql(
      'CREATE TABLE orders (id int, note text); INSERT INTO orders VALUES (1, $$first$$)',
      database,
    );
  }
  await server.sql(await openProvider(target).setup(), 'orders');
  for (const database of ['orders', 'billing']) {
    await server.sql(
      `GRANT USAGE ON SCHEMA public TO app_ro; GRANT SELECT ON ALL TABLES IN SCHEMA public TO app_ro;
       GRANT CREATE ON SCHEMA public TO app_rw; GRANT INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO app_rw`,
      database,
    );
  }
}

type FullProvider = Required<Provider<PostgresHandle>>;

export function openProvider(target: TargetConfig, given: Partial<ProviderTools> = {}): FullProvider {
  return postgresKind.open(target, { ...tools, ...given }) as FullProvider;
}

/** A request for half an hour, with an id as the broker makes them. */
export function requestFor(role: string, changes: Partial<PlanRequest> = {}): PlanRequest {
  const now = systemClock.now();
  return {
    lease: `l${randomId(systemRandom, 15)}`,
    grant: 'gtest0000001',
    principal: 'user:alice',
    reason: "fix order 17; it's \\ urgent",
    ticket: 'OPS-17',
    role,
    scope: null,
    now,
    deadline: now + 1_800_000,
    ...changes,
  };
}

/** Plans and issues. */
export async function issue(
  provider: Provider<PostgresHandle>,
  role: string,
  changes: Partial<PlanRequest> = {},
): Promise<Issued<PostgresHandle>> {
  const request = requestFor(role, changes);
  return provider.issue(provider.plan(request).handle, request, AbortSignal.timeout(30_000));
}

/** The password of a hand-out, as a client would find it. */
export function passwordOf(issued: Issued<PostgresHandle>): string {
  const file = issued.handOut.files.find((candidate) => candidate.variable === 'PGPASSFILE');
  return file?.content.reveal().split('\n')[0]?.split(':').at(-1) ?? '';
}

/** A report that remembers. */
export interface Remembered extends RevokeReport {
  readonly steps: string[];
  readonly facts: Record<string, Readonly<Record<string, Json>>>;
  readonly findings: Finding[];
  /** How often the access was told to have ended, and to be there after all. */
  ended: number;
  found: number;
}

export function remember(): Remembered {
  const report: Remembered = {
    steps: [],
    facts: {},
    findings: [],
    ended: 0,
    found: 0,
    step: (name, facts = {}) => {
      report.steps.push(name);
      report.facts[name] = facts;
    },
    accessEnded: () => {
      report.ended += 1;
    },
    accessFound: () => {
      report.found += 1;
    },
    finding: (finding) => void report.findings.push(finding),
    undisclosed: () => undefined,
  };
  return report;
}

/** Revokes by the handle and answers what was reported. */
export async function revoke(
  provider: Provider<PostgresHandle>,
  handle: PostgresHandle,
  report: Remembered = remember(),
): Promise<Remembered> {
  await provider.revoke(handle, 'expired', report, AbortSignal.timeout(30_000));
  return report;
}
