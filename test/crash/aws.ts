// Crash runs on the fake AWS: an account per run in this process, whose list of sessions is the truth.

import { setTimeout as delay } from 'node:timers/promises';
import { usualTiming } from '../../src/broker/broker.ts';
import { startExpiry } from '../../src/broker/expiry.ts';
import { reconcileTarget } from '../../src/broker/reconcile.ts';
import { recover } from '../../src/broker/recovery.ts';
import { MovedClock } from '../fakes/moved-clock.ts';
import type { Identity } from '../fakes/sts/state.ts';
import { type AwsAccount, awsAccount } from '../support/aws-account.ts';
import { assembleBroker } from '../support/broker.ts';
import type { World } from '../support/world.ts';
import { inspectAccount } from './aws-check.ts';
import { pointsAround } from './points.ts';
import type { Schedule } from './schedule.ts';
import type { Scene, Target } from './target.ts';

const denial = [
  'revoke.before-deny',
  'revoke.deny-read',
  'revoke.deny-written',
  'revoke.denied',
  'revoke.probed',
];

/** Until every session has ended by itself, and the hour by which jit packs those that are denied, with its grace. */
const untilAllIsOver = 120 * 60_000;

export function awsTarget(): Target {
  return {
    name: 'aws',
    label: 'AWS (fake)',
    points: pointsAround(denial, ['extend.written', 'extend.made']),
    roles: ['deploy', 'plain'],
    early: denial,
    open,
    stop: async () => undefined,
  };
}

async function open(schedule: Schedule): Promise<Scene> {
  const account = await awsAccount();
  disturb(account, schedule.killAfter);
  const bystander = addBystander(account);
  return {
    config: account.config,
    wish: { target: 'aws-prod' },
    briefly: 3_000,
    // What cannot be taken back ends by AWS's clock, and only then.
    isAtRest: ({ state, irrevocableUntil, attempts }) =>
      state === 'revoked' || (irrevocableUntil !== null && attempts > 0 && state === 'revoking'),
    async inspect(record) {
      while (account.aws.calls.some(({ outcome }) => outcome === 'open')) await delay(20);
      return inspectAccount(account, record, bystander);
    },
    elapse: (world) => elapse(account, world),
    close: () => account.close(),
  };
}

/** What AWS does beside: a change of IAM that counts late, lost answers, and a session that is made after its broker died. */
function disturb({ aws }: AwsAccount, chance: number): void {
  if (chance % 3 === 0) aws.account.propagation = 400;
  if (chance % 4 === 1) {
    aws.fault({ action: 'AssumeRole', kind: 'lost' });
    aws.fault({ action: 'PutRolePolicy', kind: 'lost' });
  }
  if (chance % 4 === 3) aws.fault({ action: 'AssumeRole', kind: 'slow', delay: 1_500 });
}

/** A session of the same role under another lease, as another broker makes them: nothing may happen to it. */
function addBystander({ aws, role }: AwsAccount): Identity {
  const { account } = aws;
  const deploy = role('deploy');
  return account.add(
    {
      arn: `arn:aws:sts::${account.id}:assumed-role/${deploy.name}/grace+lbystander`,
      userid: `${deploy.id}:grace+lbystander`,
      role: deploy,
      sessionName: 'grace+lbystander',
      tags: { 'jit:lease': 'lbystander' },
      expiration: account.now() + 12 * 3_600_000,
      token: 'bystander',
    },
    'ASIA',
  );
}

/** A broker that comes back when all has expired, on the files of the dead ones. */
async function elapse({ aws, resolveSecret }: AwsAccount, world: World): Promise<void> {
  aws.account.propagation = 0;
  aws.advance(untilAllIsOver);
  const clock = new MovedClock(untilAllIsOver);
  const { broker, store } = assembleBroker({ dir: world.dir, clock, timing: usualTiming, resolveSecret });
  recover(broker);
  const stopExpiry = startExpiry(broker);
  try {
    for (let rounds = 0; broker.ledger.openLeases().length > 0 && rounds < 600; rounds += 1) await delay(50);
    const target = (await broker.policy.config()).targets.get('aws-prod');
    if (target) await reconcileTarget(broker, target.name, await broker.providers.forTarget(target));
  } finally {
    stopExpiry();
    await broker.providers.close();
    store.close();
  }
}
