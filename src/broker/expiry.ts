// The clock of the broker: ends what is due, tries again what could not be revoked, notices lost sessions
// and stepped clocks. Looks at the clock instead of trusting timers, which stand still while a machine sleeps.

import type { Lease } from '../core/lease.ts';
import type { Instant } from '../core/time.ts';
import type { Clock } from '../system/clock.ts';
import { failpoint } from '../system/failpoint.ts';
import { isAlive } from '../system/process-info.ts';
import type { Broker } from './broker.ts';
import { endGrant, revokeLease } from './revocation.ts';
import { stop } from './stop.ts';

/** A wall clock that steps back by more than this could hide a deadline: everything ends now. */
const backwardsStep = 60_000;
const worthNoting = 2_000;

/** True when the wall clock or, on the same boot, the time since boot has reached the deadline. */
export function isDue(lease: Lease, clock: Clock): boolean {
  if (clock.now() >= lease.deadline) return true;
  return lease.bootId === clock.bootId && clock.sinceBoot() >= lease.bootDeadline;
}

/** Runs until the answer is called. */
export function startExpiry(broker: Broker): () => void {
  let isStopped = false;
  let cancel = (): void => undefined;
  let lastWall = broker.clock.now();
  let lastBoot = broker.clock.sinceBoot();

  function look(): void {
    if (isStopped) return;
    // After an I/O error nobody can say what is on disk: no retry in this process, the next one looks anew.
    if (broker.ledger.store.failed && !broker.stopping) void stop(broker, 'audit failed', 'audit-failed');
    watchClock();
    broker.ledger.flush();
    const open = broker.ledger.openLeases();
    endDue(broker, open);
    retry(broker, open);
    endLost(broker);
    schedule(open);
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

  function schedule(open: readonly Lease[]): void {
    const now = broker.clock.now();
    const soonest = Math.min(...open.map((lease) => nextLook(lease)), now + broker.timing.tick);
    cancel = broker.clock.after(Math.max(5, soonest - now), look);
  }

  const onChange = (): void => {
    if (isStopped) return;
    cancel();
    schedule(broker.ledger.openLeases());
  };

  broker.changes.on('change', onChange);
  look();
  return () => {
    isStopped = true;
    cancel();
    broker.changes.off('change', onChange);
  };
}

function nextLook(lease: Lease): Instant {
  if (lease.state === 'intent' || lease.state === 'active') return lease.deadline;
  return lease.nextAttemptAt ?? Number.POSITIVE_INFINITY;
}

function endDue(broker: Broker, open: readonly Lease[]): void {
  for (const lease of open) {
    if (lease.state !== 'active' || broker.revocations.has(lease.id) || !isDue(lease, broker.clock)) continue;
    failpoint('expire.due');
    void endGrant(broker, lease.grant, 'expired');
  }
}

function retry(broker: Broker, open: readonly Lease[]): void {
  const now = broker.clock.now();
  for (const lease of open) {
    if (lease.state !== 'revoking' && lease.state !== 'overdue') continue;
    if (broker.revocations.has(lease.id) || (lease.nextAttemptAt ?? 0) > now) continue;
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
