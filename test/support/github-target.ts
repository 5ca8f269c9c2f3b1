// A fake GitHub with an App that is installed, and a provider on it: what tests of the GitHub provider start from.

import type { Json } from '../../src/core/json.ts';
import { Secret } from '../../src/core/secret.ts';
import type { RoleConfig, TargetConfig } from '../../src/core/target.ts';
import { type GithubHandle, githubKind } from '../../src/providers/github/index.ts';
import type {
  Issued,
  PlanRequest,
  Provider,
  ProviderTools,
  RevokeReport,
} from '../../src/providers/provider.ts';
import { type Clock, systemClock } from '../../src/system/clock.ts';
import { randomId, systemRandom } from '../../src/system/random.ts';
import type { Sealer } from '../../src/system/seal.ts';
import { type FakeGithub, startFakeGithub } from '../fakes/github/server.ts';
import { privateKey } from '../fakes/github/state.ts';

export const minute = 60_000;

/** Where the client secret of a target that acts for people is. */
export const clientSecret = 'keychain:jit/github-client';

interface RoleShape {
  readonly scopes?: Record<string, unknown>;
  readonly [option: string]: unknown;
}

export const readTwo = { repositories: ['web-one', 'web-two'], permissions: { contents: 'read' } };

export interface GithubWorld {
  readonly github: FakeGithub;
  readonly tools: ProviderTools;
  readonly clock: Clock;
  readonly target: TargetConfig;
  readonly provider: Provider<GithubHandle>;
  /** The key that the broker reads; a test may put another one there. */
  key: string;
  /** A terminal, where somebody waits at one. */
  show: ProviderTools['showNotice'] | null;
  /** What sealing throws, when it should. */
  sealFault: Error | null;
  request(changes?: Partial<PlanRequest> & { length?: number }): PlanRequest;
  /** Plans and issues. */
  issue(changes?: Partial<PlanRequest> & { length?: number }): Promise<Issued<GithubHandle>>;
  /** The same target after the broker was restarted, on a machine whose clock is `ahead` ms: nothing is in memory. */
  restarted(changes?: { ahead: number }): Provider<GithubHandle>;
  /** What GitHub answers to whoever holds a token. */
  fetch(token: string, path: string, init?: { method?: string; body?: object }): Promise<number>;
  close(): Promise<void>;
}

/** What a provider reported while it revoked. */
export interface Told {
  readonly report: RevokeReport;
  readonly steps: { name: string; facts: Readonly<Record<string, Json>> }[];
  readonly undisclosed: number[];
  ended: boolean;
}

export function listen(): Told {
  const told: Told = {
    steps: [],
    undisclosed: [],
    ended: false,
    report: {
      step: (name, facts) => void told.steps.push({ name, facts: facts ?? {} }),
      accessEnded: () => {
        told.ended = true;
      },
      accessFound: () => {
        told.ended = false;
      },
      finding: () => undefined,
      undisclosed: (until) => void told.undisclosed.push(until),
    },
  };
  return told;
}

export const soon = (): AbortSignal => AbortSignal.timeout(20_000);

/** Time goes with the fake's, and nobody waits for long. */
function clockOf(github: FakeGithub): Clock {
  return {
    ...systemClock,
    bootId: 'test',
    now: () => systemClock.now() + github.offset,
    after: (delay, callback) => systemClock.after(Math.min(delay, 5), callback),
  };
}

export function githubTarget(
  url: string,
  options: Record<string, unknown> = {},
  roles: Record<string, RoleShape> = { read: readTwo },
): TargetConfig {
  const configs = Object.entries(roles).map(([name, { scopes = {}, ...given }]): [string, RoleConfig] => {
    const narrowed = Object.entries(scopes).map(
      ([scope, value]) => [scope, { name: scope, description: null, options: value }] as const,
    );
    return [name, { name, description: null, options: given, scopes: new Map(narrowed) }];
  });
  return {
    name: 'repos',
    provider: 'github',
    description: null,
    risk: 'high',
    maxDuration: null,
    onEnd: 'lock',
    options: { app_id: 4711, private_key: 'keychain:jit/github', owner: 'acme', base_url: url, ...options },
    roles: new Map(configs),
  };
}

/** Reversible and nothing more; seal.test.ts tests the real one. */
function fakeSealer(world: () => GithubWorld): Sealer {
  return {
    async ready() {
      const { sealFault } = world();
      if (sealFault?.message === 'ready') throw sealFault;
      return 'keychain';
    },
    async seal(secret, owner) {
      const { sealFault } = world();
      if (sealFault) throw sealFault;
      return `${owner}.${Buffer.from(secret.reveal()).toString('hex')}`;
    },
    async unseal(sealed, owner) {
      const [of, text = ''] = sealed.split('.');
      if (of !== owner) throw new Error('sealed for another');
      return new Secret(Buffer.from(text, 'hex').toString());
    },
  };
}

/** `acme` has web-one, web-two and api, and the App on all of them. */
export async function githubWorld(
  options: Record<string, unknown> = {},
  roles?: Record<string, RoleShape>,
): Promise<GithubWorld> {
  const github = await startFakeGithub();
  github.account.install('acme');
  for (const name of ['web-one', 'web-two', 'api']) github.account.addRepository('acme', name);
  const target = githubTarget(github.url, options, roles);
  const clock = clockOf(github);
  const freshTools = (): ProviderTools => ({
    clock,
    random: systemRandom,
    origin: 'jit.0000000000test00',
    helperCommand: '/usr/bin/jit',
    resolveSecret: async (reference) =>
      new Secret(reference === clientSecret ? world.github.account.users.clientSecret : world.key),
    showNotice: (notice) => world.show?.(notice) ?? null,
    sealer: fakeSealer(() => world),
  });
  const tools = freshTools();
  const provider = githubKind.open(target, tools);
  const request: GithubWorld['request'] = ({ length = 30 * minute, ...changes } = {}) => ({
    lease: `l${randomId(systemRandom, 15)}`,
    grant: `g${randomId(systemRandom, 15)}`,
    principal: 'user:alice',
    reason: 'look at the code',
    ticket: null,
    role: 'read',
    scope: null,
    now: clock.now(),
    deadline: clock.now() + length,
    ...changes,
  });
  const world: GithubWorld = {
    github,
    tools,
    clock,
    target,
    provider,
    key: privateKey,
    sealFault: null,
    show: null,
    request,
    issue: (changes) => {
      const wanted = request(changes);
      return provider.issue(provider.plan(wanted).handle, wanted, soon());
    },
    restarted: ({ ahead } = { ahead: 0 }) => {
      const late: Clock = { ...clock, now: () => clock.now() + ahead };
      return githubKind.open(target, { ...freshTools(), clock: late });
    },
    fetch: (token, path, init) => ask(github.url, token, path, init),
    close: () => github.close(),
  };
  return world;
}

/** The status that a token gets. */
export async function ask(
  url: string,
  token: string,
  path: string,
  { method = 'GET', body }: { method?: string; body?: object } = {},
): Promise<number> {
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await fetch(url + path, { method, headers: { authorization: `token ${token}` }, ...init });
  await answer.arrayBuffer();
  return answer.status;
}

export const tokenOf = (issued: Issued<GithubHandle>): string =>
  issued.handOut.exports['env']?.['GH_TOKEN']?.reveal() ??
  issued.handOut.exports['env']?.['GH_ENTERPRISE_TOKEN']?.reveal() ??
  '';
