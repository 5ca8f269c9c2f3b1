// `POST /v1/doctor`: what is well and what is not, of the broker and of each target.

import { hasCode, toJitError } from '../core/errors.ts';
import type { TargetConfig } from '../core/target.ts';
import type { DoctorReply, DoctorRequest } from '../protocol/routes.ts';
import type { Broker } from './broker.ts';
import { resolveTarget } from './wish.ts';

type Line = DoctorReply['checks'][number];

/** Checks of the broker itself, then of one target or of all. Reports trouble, never throws for it. */
export async function doctor(broker: Broker, request: DoctorRequest): Promise<DoctorReply> {
  const checks: Line[] = [...hardening(broker), auditLine(broker), ...overdueLines(broker)];
  const chosen = await targetsOf(broker, request.target, checks);
  for (const target of chosen) checks.push(...(await targetLines(broker, target)));
  return { checks };
}

function hardening(broker: Broker): Line[] {
  return Object.entries(broker.hardening).map(([name, state]) => ({
    target: null,
    name: `hardening: ${name}`,
    status: state === 'on' ? 'ok' : 'warning',
    detail: state,
  }));
}

function auditLine(broker: Broker): Line {
  const { unwritten, store } = broker.ledger;
  if (store.failed || unwritten > 0) {
    const detail = `${unwritten} entries wait in memory; nothing is issued until they are on disk`;
    return { target: null, name: 'audit log', status: 'failed', detail };
  }
  const { size } = store.head();
  return {
    target: null,
    name: 'audit log',
    status: 'ok',
    detail: `${size} events in ${broker.paths.database}`,
  };
}

function overdueLines(broker: Broker): Line[] {
  return broker.ledger
    .openLeases()
    .filter((lease) => lease.state === 'overdue')
    .map((lease) => ({
      target: lease.target,
      name: 'overdue lease',
      status: 'failed',
      detail: `${lease.id} is not confirmed gone after ${lease.attempts} attempts (${lease.lastError ?? 'unknown'})`,
    }));
}

/** The targets to look at; a configuration that cannot be read is a line of the report. */
async function targetsOf(broker: Broker, name: string | null, checks: Line[]): Promise<TargetConfig[]> {
  try {
    const config = await broker.policy.config();
    const chosen = name === null ? [...config.targets.values()] : [resolveTarget(config, name)];
    checks.push({ target: null, name: 'configuration', status: 'ok', detail: config.path });
    return chosen;
  } catch (thrown) {
    if (hasCode(thrown, 'ERR_UNKNOWN_NAME')) throw thrown;
    checks.push({
      target: null,
      name: 'configuration',
      status: 'failed',
      detail: toJitError(thrown).message,
    });
    return [];
  }
}

/** What one provider says; one that cannot even be opened does not keep the others from being looked at. */
async function targetLines(broker: Broker, target: TargetConfig): Promise<Line[]> {
  try {
    const provider = await broker.providers.forTarget(target);
    const lines = (await provider.check?.(AbortSignal.timeout(broker.timing.call))) ?? [];
    return lines.map((line) => ({ target: target.name, ...line }));
  } catch (thrown) {
    return [{ target: target.name, name: 'provider', status: 'failed', detail: toJitError(thrown).message }];
  }
}
