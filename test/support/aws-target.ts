// A fake AWS prepared as an administrator would, and a provider on it: what tests of the AWS provider start from.

import type { Json } from '../../src/core/json.ts';
import { Secret } from '../../src/core/secret.ts';
import type { RoleConfig, TargetConfig } from '../../src/core/target.ts';
import { type AwsHandle, awsKind } from '../../src/providers/aws/index.ts';
import { roleOptions } from '../../src/providers/aws/schema.ts';
import { brokerPolicy, trustPolicy } from '../../src/providers/aws/setup.ts';
import type {
  Issued,
  PlanRequest,
  Provider,
  ProviderTools,
  RevokeReport,
} from '../../src/providers/provider.ts';
import { type Clock, systemClock } from '../../src/system/clock.ts';
import { randomId, systemRandom } from '../../src/system/random.ts';
import type { Policy } from '../fakes/sts/policy.ts';
import { type FakeAws, startFakeAws } from '../fakes/sts/server.ts';
import type { Identity } from '../fakes/sts/state.ts';

export const minute = 60_000;

interface RoleShape {
  readonly scopes?: Record<string, unknown>;
  readonly [option: string]: unknown;
}

export interface AwsWorld {
  readonly aws: FakeAws;
  readonly broker: Identity;
  readonly tools: ProviderTools;
  readonly clock: Clock;
  readonly target: TargetConfig;
  readonly provider: Provider<AwsHandle>;
  /** Questions that a person was asked. */
  readonly asked: string[];
  request(changes?: Partial<PlanRequest> & { length?: number }): PlanRequest;
  /** Plans and issues. */
  issue(changes?: Partial<PlanRequest> & { length?: number }): Promise<Issued<AwsHandle>>;
  /** The same target after the broker was restarted: nothing is in memory. */
  restarted(): Provider<AwsHandle>;
  close(): Promise<void>;
}

export const roleOf = (name: string): string => `arn:aws:iam::123456789012:role/${name}`;

/** What a provider reported while it revoked. */
export interface Told {
  readonly report: RevokeReport;
  readonly steps: { name: string; facts: Readonly<Record<string, Json>> }[];
  ended: boolean;
}

export function listen(): Told {
  const told: Told = {
    steps: [],
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
      undisclosed: () => undefined,
    },
  };
  return told;
}

/** Time goes with the fake's, and nobody waits for long. */
function clockOf(aws: FakeAws): Clock {
  let waited = 0;
  return {
    ...systemClock,
    bootId: 'test',
    now: () => systemClock.now() + aws.account.offset,
    sinceBoot: () => systemClock.sinceBoot() + waited,
    after(delay, callback) {
      waited += delay;
      return systemClock.after(Math.min(delay, 5), callback);
    },
  };
}

export function awsTarget(
  url: string,
  options: Record<string, unknown> = {},
  roles: Record<string, RoleShape> = { deploy: { role_arn: roleOf('deploy'), revoke: 'deny-session' } },
): TargetConfig {
  const configs = Object.entries(roles).map(([name, { scopes = {}, ...given }]): [string, RoleConfig] => {
    const narrowed = Object.entries(scopes).map(
      ([scope, value]) => [scope, { name: scope, description: null, options: value }] as const,
    );
    return [name, { name, description: null, options: given, scopes: new Map(narrowed) }];
  });
  return {
    name: 'aws-prod',
    provider: 'aws',
    description: null,
    risk: 'high',
    maxDuration: null,
    onEnd: 'lock',
    options: {
      region: 'eu-west-1',
      credentials: 'keychain:jit/aws',
      endpoints: { sts: url, iam: url, signin: url },
      ...options,
    },
    roles: new Map(configs),
  };
}

/** Roles exist with the trust policy that `jit init aws` prints, and may do everything unless `rights` says otherwise. */
export async function awsWorld(
  options: Record<string, unknown> = {},
  roles?: Record<string, RoleShape>,
  more: { rights?: Policy; canAsk?: boolean; maxSession?: number } = {},
): Promise<AwsWorld> {
  const aws = await startFakeAws();
  const target = awsTarget(aws.url, options, roles);
  const parsed = [...target.roles.values()].map((role) => roleOptions(role.options));
  const broker = aws.account.addUser('jit-broker', [brokerPolicy(parsed) as Policy]);
  const rights = more.rights ?? { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  for (const role of parsed) {
    aws.account.addRole(
      nameOf(role.role_arn),
      trustPolicy(role, broker.arn) as Policy,
      [rights],
      more.maxSession,
    );
  }
  const clock = clockOf(aws);
  const asked: string[] = [];
  const key = JSON.stringify({ AccessKeyId: broker.accessKeyId, SecretAccessKey: broker.secretAccessKey });
  const freshTools = (): ProviderTools => ({
    clock,
    random: systemRandom,
    origin: 'jit.0000000000test00',
    resolveSecret: async (reference) => {
      if (!reference.startsWith('command:')) return new Secret(key);
      asked.push(reference);
      return new Secret(`${[...aws.mfaCodes.values()][0]}\n`);
    },
    ...(more.canAsk
      ? {
          askInput: async ({ text }) => {
            asked.push(text);
            return new Secret([...aws.mfaCodes.values()][0] ?? '');
          },
        }
      : {}),
  });
  const tools = freshTools();
  const provider = awsKind.open(target, tools);
  const request: AwsWorld['request'] = ({ length = 30 * minute, ...changes } = {}) => ({
    lease: `l${randomId(systemRandom, 15)}`,
    grant: `g${randomId(systemRandom, 15)}`,
    principal: 'user:alice',
    reason: 'look at the logs',
    ticket: null,
    role: 'deploy',
    scope: null,
    now: clock.now(),
    deadline: clock.now() + length,
    ...changes,
  });
  return {
    aws,
    broker,
    tools,
    clock,
    target,
    provider,
    asked,
    request,
    issue: (changes) => {
      const wanted = request(changes);
      return provider.issue(provider.plan(wanted).handle, wanted, AbortSignal.timeout(20_000));
    },
    restarted: () => awsKind.open(target, freshTools()),
    close: () => aws.close(),
  };
}

const nameOf = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1);
