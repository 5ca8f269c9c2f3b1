// A broker in this process with the real AWS provider on a fake AWS. Time passes for both when a test says so.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { EventBody } from '../../src/audit/event.ts';
import { type Broker, type Timing, usualTiming } from '../../src/broker/broker.ts';
import { elevate } from '../../src/broker/elevate.ts';
import { closeEndpoints } from '../../src/broker/endpoint.ts';
import { startExpiry } from '../../src/broker/expiry.ts';
import { reconcileTarget } from '../../src/broker/reconcile.ts';
import { revoke } from '../../src/broker/revoke.ts';
import type { Lease } from '../../src/core/lease.ts';
import type { Milliseconds } from '../../src/core/time.ts';
import type { ElevateReply, ElevateRequest, RevokeReply } from '../../src/protocol/routes.ts';
import { MovedClock } from '../fakes/moved-clock.ts';
import type { FakeAws } from '../fakes/sts/server.ts';
import { type AwsAccount, awsAccount } from './aws-account.ts';
import { ada, assembleBroker } from './broker.ts';
import { wish } from './request.ts';

export interface AwsBroker {
  readonly account: AwsAccount;
  readonly aws: FakeAws;
  readonly broker: Broker;
  readonly clock: MovedClock;
  /** Half an hour of role `deploy`, kept without a session, unless told otherwise. */
  elevate(changes?: Partial<ElevateRequest>): Promise<ElevateReply>;
  /** As `jit revoke` does. */
  revoke(grant: string): Promise<RevokeReply>;
  /** The one lease of a grant; of the latest grant unless told otherwise. */
  lease(grant?: string): Lease;
  events(type?: string): EventBody[];
  /** Names of the folders with files that were handed out. */
  handedOut(): string[];
  /** Time passes, for AWS as well. */
  advance(duration: Milliseconds): void;
  /** Brings what the broker waits for nearer; call it until something has happened. AWS's time stands still meanwhile. */
  hasten(): void;
  reconcile(): Promise<void>;
  remove(): Promise<void>;
}

/** What a child is told by the endpoint of its grant. */
export async function askEndpoint({
  env,
}: Pick<ElevateReply, 'env'>): Promise<{ status: number; body: string }> {
  const token = readFileSync(env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'] ?? '', 'latin1');
  const url = env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? '';
  // Node's fetch says Sec-Fetch-Mode, which the endpoint refuses: that is what browsers say.
  const { get } = await import('node:http');
  return new Promise((resolve, reject) => {
    get(url, { headers: { Authorization: token }, agent: false }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    }).on('error', reject);
  });
}

export async function awsBroker(timing: Partial<Timing> = {}): Promise<AwsBroker> {
  const account = await awsAccount();
  const { aws } = account;
  const dir = mkdtempSync(path.join(os.tmpdir(), 'jit-broker-'));
  for (const name of ['run', 'state']) mkdirSync(path.join(dir, name), { mode: 0o700 });
  writeFileSync(path.join(dir, 'jit.yaml'), account.config.replaceAll('$ME', ada.principal));
  const clock = new MovedClock();
  const { broker, store } = assembleBroker({
    dir,
    clock,
    timing: { ...usualTiming, ...timing },
    resolveSecret: account.resolveSecret,
  });
  const stopExpiry = startExpiry(broker);
  return {
    account,
    aws,
    broker,
    clock,
    elevate: (changes) =>
      elevate(broker, ada, wish({ target: 'aws-prod', role: 'deploy', duration: 1_800_000, ...changes })),
    revoke: (grant) => revoke(broker, ada, { grant, all: false, cause: 'revoked' }),
    lease(grant) {
      const found = grant === undefined ? store.leases().at(-1) : broker.ledger.leasesOf(grant)[0];
      if (!found) throw new Error('no lease was written');
      return found;
    },
    events: (type) =>
      store
        .events({ limit: 100_000 })
        .map(({ body }) => body)
        .filter((body) => type === undefined || body.type === type),
    handedOut: () => (existsSync(broker.paths.grantsDir) ? readdirSync(broker.paths.grantsDir) : []),
    advance(duration) {
      aws.advance(duration);
      clock.advance(duration);
    },
    hasten() {
      // An attempt that is under way needs real time, and its own limits are told by the same clock.
      clock.advance(broker.revocations.size > 0 ? 200 : 2_000);
    },
    async reconcile() {
      const target = (await broker.policy.config()).targets.get('aws-prod');
      if (target) await reconcileTarget(broker, target.name, await broker.providers.forTarget(target));
    },
    async remove() {
      stopExpiry();
      aws.calm();
      aws.hangUp();
      await closeEndpoints(broker);
      await Promise.all(broker.revocations.values());
      await account.close();
      await broker.providers.close();
      store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
