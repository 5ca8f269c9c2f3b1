// The clock of the broker: ends what is due, tries again what could not be revoked, notices lost sessions
// and stepped clocks. Looks at the clock instead of trusting timers, which stand still while a machine sleeps.

import type { Lease } from '../core/lease.ts';
import type { Instant } from '../core/time.ts';
import { failpoint } from '../system/failpoint.ts';
import { isAlive } from '../system/process-info.ts';
import type { Broker } from './broker.ts';
import { isDue } from './due.ts';
import { endGrant, revokeLease } from './revocation.ts';
import { sweepTombstones } from './tombstones.ts';

/** A wall clock that steps back by more than this could hide a deadline: everything ends now. */
const backwardsStep = 60_000;
const worthNoting = 2_000;

/** Runs until the answer is called. */
export function startExpiry(broker: Broker): () => void {
  let isStopped = false;
  let cancel = (): void => undefined;
  let planned = Number.POSITIVE_INFINITY;
  let lastWall = broker.clock.now();
  let lastBoot = broker.clock.sinceBoot();

  function look(): void {
    if (isStopped) return;
    const steps = [endAfterFailure, watchClock, flush, endDue, retry, endLost, sweepTombstones];
    for (const step of steps) {
      // One that fails must keep neither the others from being taken nor the next look from coming.
      try {
        step(broker);
      } catch (thrown) {
        broker.log.error(`looking at the clock: ${step.name}`, thrown);
      }
    }
    schedule();
  }

  function watchClock(): void {
    const wall = broker.clock.now();
    const boot = broker.clock.sinceBoot();
    const step = wall - lastWall - (boot - lastBoot);
    lastWall = wall;
    lastBoot = boot;
    if (Math.abs(step) < worthNoting) return;
    broker.log.warn(`the wall clock stepped by ${Math.round(step / 1000)} s`);
    broker.ledger.writeRevocation({
      events: [{ type: 'clock.step', at: wall, data: { by_ms: Math.round(step) } }],
    });
    if (step > -backwardsStep) return;
    for (const grant of broker.ledger.activeGrants()) void endGrant(broker, grant.id, 'clock-step');
  }

  function schedule(): void {
    const now = broker.clock.now();
    const soonest = Math.min(nextDue(broker), now + broker.timing.tick);
    planned = broker.clock.sinceBoot() + Math.max(5, soonest - now);
    cancel();
    cancel = broker.clock.after(planned - broker.clock.sinceBoot(), look);
  }

  /** A change may bring the next look forward, and never puts it off. */
  const onChange = (): void => {
    if (isStopped) return;
    const now = broker.clock.now();
    const soonest = nextDue(broker);
    if (broker.clock.sinceBoot() + (soonest - now) < planned) schedule();
  };

  broker.changes.on('change', onChange);
  look();
  return () => {
    isStopped = true;
    cancel();
    broker.changes.off('change', onChange);
  };
}

/** When the next lease wants something. One that is being revoked now wants nothing, however long that hangs. */
function nextDue(broker: Broker): Instant {
  const waiting = broker.ledger.openLeases().filter((lease) => !broker.revocations.has(lease.id));
  return Math.min(...waiting.map(nextLook));
}

function nextLook(lease: Lease): Instant {
  if (lease.state === 'intent' || lease.state === 'active') return lease.deadline;
  return lease.nextAttemptAt ?? Number.POSITIVE_INFINITY;
}

/**
 * After an I/O error nobody can say what is on disk: everything is revoked, and then this process ends, because
 * only the next one looks anew. Not before: what is open is perhaps known to nobody else.
 */
function endAfterFailure(broker: Broker): void {
  if (!broker.ledger.store.failed) return;
  broker.stopping = true;
  for (const grant of broker.ledger.activeGrants()) void endGrant(broker, grant.id, 'audit-failed');
  // Those that cannot be read are nothing that this process could still take back.
  if (broker.ledger.openLeases().every(({ damaged }) => damaged !== undefined)) broker.end('audit failed');
}

function flush(broker: Broker): void {
  broker.ledger.flush();
}

function endDue(broker: Broker): void {
  for (const lease of broker.ledger.openLeases()) {
    if (lease.state !== 'active' && lease.state !== 'intent') continue;
    if (broker.revocations.has(lease.id) || !isDue(lease, broker.clock)) continue;
    failpoint('expire.due');
    void endGrant(broker, lease.grant, 'expired');
  }
}

/** No pause is longer than a minute, so an attempt that is further off was planned by a clock that has stepped. */
const longestPause = 75_000;

function retry(broker: Broker): void {
  const now = broker.clock.now();
  for (const lease of broker.ledger.openLeases()) {
    if (lease.state !== 'revoking' && lease.state !== 'overdue') continue;
    const pause = (lease.nextAttemptAt ?? 0) - now;
    if (broker.revocations.has(lease.id) || (pause > 0 && pause < longestPause)) continue;
    void revokeLease(broker, lease.id, lease.cause ?? 'revoked');
  }
}

/** A shell that was killed cannot tell: its process is looked at. */
function endLost(broker: Broker): void {
  for (const grant of broker.ledger.activeGrants()) {
    if (grant.state !== 'active' || grant.keep || grant.session === null || isAlive(grant.session)) continue;
    void endGrant(broker, grant.id, 'session-lost');
  }
}
