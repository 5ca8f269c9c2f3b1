// Compares each target with the leases, in both directions, and takes back what no lease knows.

import type { AuditEvent } from '../audit/event.ts';
import { toJitError } from '../core/errors.ts';
import type { FindingKind } from '../core/finding.ts';
import type { Json } from '../core/json.ts';
import type { Provider, RevokeReport } from '../providers/provider.ts';
import type { Broker } from './broker.ts';
import { endGrant } from './revocation.ts';

const silent: RevokeReport = {
  step: () => undefined,
  accessEnded: () => undefined,
  accessFound: () => undefined,
  finding: () => undefined,
  undisclosed: () => undefined,
};

/**
 * Looks at every target that this log has a lease on: now, when a target gets its first lease, and at intervals,
 * until the answer is called. Others hold nothing of ours, and need not be disturbed. Never throws.
 */
export function startReconciling(broker: Broker): () => void {
  let isStopped = false;
  let cancel = (): void => undefined;
  let seen = 0;
  const round = async (): Promise<void> => {
    cancel();
    try {
      const leased = broker.ledger.leasedTargets();
      seen = leased.size;
      if (seen === 0) return;
      const config = await broker.policy.config();
      for (const target of config.targets.values()) {
        if (isStopped) return;
        if (leased.has(target.name))
          await reconcileTarget(broker, target.name, await broker.providers.forTarget(target));
      }
    } catch (thrown) {
      broker.log.warn(`reconciling: ${toJitError(thrown).message}`);
    }
    if (!isStopped) cancel = broker.clock.after(broker.timing.reconcile, () => void round());
  };
  const onChange = (): void => {
    if (!isStopped && broker.ledger.leasedTargets().size > seen) void round();
  };
  broker.changes.on('change', onChange);
  void round();
  return () => {
    isStopped = true;
    broker.changes.off('change', onChange);
    cancel();
  };
}

/** One target: revokes credentials without a lease, ends grants whose credential has vanished. */
export async function reconcileTarget(broker: Broker, target: string, provider: Provider): Promise<void> {
  if (!provider.reconcile) return;
  // Of all targets: two of them may be databases of one server, where the login sees the credentials of both.
  const kind = broker.policy.latest?.targets.get(target)?.provider;
  const before = broker.ledger
    .openLeases()
    .filter((lease) => lease.damaged === undefined && (kind === undefined || lease.provider === kind));
  const signal = AbortSignal.timeout(broker.timing.call);
  let found: Awaited<ReturnType<NonNullable<Provider['reconcile']>>>;
  try {
    found = await provider.reconcile(
      before.map((lease) => lease.handle),
      signal,
    );
  } catch (thrown) {
    broker.log.info(`target ${target} is not reconciled now: ${toJitError(thrown).message}`);
    return;
  }
  for (const { handle, where, detail } of found.unknown) {
    // Issued while we were looking: it has a lease by now.
    const { name } = provider.describe(handle);
    if (broker.ledger.openLeases().some((lease) => lease.name === name)) continue;
    const action = await takeBack(broker, provider, handle);
    note(broker, target, null, 'credential-without-lease', where, detail, action);
  }
  for (const handle of found.missing) {
    const { name } = provider.describe(handle);
    const lease = before.find((candidate) => candidate.name === name);
    const now = lease && broker.ledger.lease(lease.id);
    // Not while it was being issued: it was not there yet when the target was asked.
    if (lease?.target !== target || lease.state !== 'active') continue;
    if (now?.state !== 'active' || broker.revocations.has(now.id)) continue;
    note(broker, target, now.id, 'lease-without-credential', target, now.id, 'the grant was ended');
    await endGrant(broker, now.grant, 'credential-lost');
  }
}

async function takeBack(broker: Broker, provider: Provider, handle: Json): Promise<string> {
  const signal = AbortSignal.timeout(broker.timing.call);
  try {
    await provider.revoke(handle, 'recovery', silent, signal);
    return (await provider.confirm(handle, signal)) === 'gone' ? 'revoked' : 'not confirmed gone';
  } catch (thrown) {
    return `could not be revoked: ${toJitError(thrown).code}`;
  }
}

function note(
  broker: Broker,
  target: string,
  lease: string | null,
  kind: FindingKind,
  where: string,
  detail: string,
  action: string,
): void {
  const at = broker.clock.now();
  broker.log.warn(`${kind} on ${target}: ${detail}: ${action}`);
  const event: AuditEvent = {
    type: 'reconcile.finding',
    at,
    target,
    ...(lease === null ? {} : { lease }),
    data: { kind, where, detail, action },
  };
  broker.ledger.writeRevocation({
    findings: [{ kind, target, lease, where, detail, action, foundAt: at }],
    events: [event],
  });
}
