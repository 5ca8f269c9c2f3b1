// `POST /v1/cleanup`: the end of a pipeline's run. Takes back what this run has asked for and nothing of others, and
// waits until it is confirmed gone. A broker that was started for this run ends then.

import type { Grant } from '../core/grant.ts';
import type { Milliseconds } from '../core/time.ts';
import type { CleanupRequest } from '../protocol/ci.ts';
import type { RevokeReply } from '../protocol/routes.ts';
import type { GrantView } from '../protocol/views.ts';
import type { Broker, Caller } from './broker.ts';
import { isOwn } from './own.ts';
import { endGrant } from './revocation.ts';
import { stop } from './stop.ts';
import { grantView } from './views.ts';

/** A run asks for no more than that. */
const most = 10_000;

/** What was taken back now or since this broker started, what ends by itself, and what may still be there. */
export async function cleanup(broker: Broker, caller: Caller, request: CleanupRequest): Promise<RevokeReply> {
  const grants = grantsOf(broker, caller, request.run);
  // Also what was tried before: whoever asks again has put something right, and waits for no pause to be over.
  const tried = Promise.all(grants.map(({ id }) => endGrant(broker, id, 'revoked')));
  await gone(broker, caller, { grants, tried, timeout: request.timeout });
  const reply = { revoked: [] as GrantView[], ending: [] as GrantView[], overdue: [] as GrantView[] };
  for (const { id } of grants) {
    const grant = broker.ledger.grant(id);
    if (grant === null) continue;
    const view = grantView(broker, grant);
    const left = view.leases.filter(({ state }) => state !== 'revoked');
    const endsItself = left.every(({ irrevocableUntil }) => irrevocableUntil !== null);
    reply[left.length === 0 ? 'revoked' : endsItself ? 'ending' : 'overdue'].push(view);
  }
  if (isOver(broker, request)) void stop(broker, 'its job has ended');
  return reply;
}

/** Nobody will ask this broker for anything any more, and it can do no more about what is left. */
function isOver({ job, ledger, irrevocable }: Broker, { run }: CleanupRequest): boolean {
  return (
    job === (run ?? '') &&
    ledger.activeGrants().length === 0 &&
    ledger.openLeases().every(({ id }) => irrevocable.has(id))
  );
}

/** What is open of this run, and what ended since this broker started: recovery may have been faster. */
function grantsOf({ ledger, startedAt }: Broker, caller: Caller, run: string | null): Grant[] {
  const open = new Set(ledger.openLeases().map(({ grant }) => grant));
  const ofRun =
    run === null
      ? ledger.store.grants({ limit: most }).filter(({ via }) => via === 'ci')
      : ledger.store
          .grantsOfRun(run)
          .map((id) => ledger.grant(id))
          .filter((grant) => grant !== null);
  return ofRun
    .map((grant) => ledger.grant(grant.id) ?? grant)
    .filter((grant) => isOwn(grant, caller))
    .filter(({ id, state, endedAt, startedAt: began }) => {
      if (state === 'active' || open.has(id)) return true;
      return state === 'ended' && began !== null && endedAt !== null && endedAt >= startedAt;
    });
}

interface Ending {
  readonly grants: readonly Grant[];
  /** Settles when each was tried once. */
  readonly tried: Promise<unknown>;
  readonly timeout: Milliseconds;
}

/** Settles when every lease is confirmed gone or ends by itself, when time is up, or when the caller leaves. */
function gone(broker: Broker, { signal }: Caller, { grants, tried, timeout }: Ending): Promise<void> {
  let isTried = false;
  const isGone = (): boolean =>
    isTried &&
    grants.every(({ id }) =>
      broker.ledger
        .openLeasesOf(id)
        .every((lease) => lease.state === 'revoking' && broker.irrevocable.has(lease.id)),
    );
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      broker.changes.off('change', look);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const look = (): void => {
      if (isGone()) done();
    };
    const cancel = broker.clock.after(timeout, done);
    broker.changes.on('change', look);
    void tried.then(() => {
      isTried = true;
      look();
    });
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
