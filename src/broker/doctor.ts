// `POST /v1/doctor`: what is well and what is not, of the broker and of each target.

import { type ErrorCode, hasCode, toJitError } from '../core/errors.ts';
import type { Lease } from '../core/lease.ts';
import type { TargetConfig } from '../core/target.ts';
import type { DoctorReply, DoctorRequest } from '../protocol/routes.ts';
import { recentAnomalies } from './anomalies.ts';
import type { Broker } from './broker.ts';
import { damagedLine } from './damaged-records.ts';
import { signingLines } from './doctor-signing.ts';
import { syncLines } from './doctor-sync.ts';
import { resolveTarget } from './wish.ts';
import { isEndAwaited } from './withdrawal.ts';

type Line = DoctorReply['checks'][number];

/**
 * Checks of the broker itself, then of one target or of all. Reports trouble, never throws for it.
 * @throws JitError `ERR_UNKNOWN_NAME` for a target that is neither in the configuration nor still to be cleaned up
 */
export async function doctor(broker: Broker, request: DoctorRequest): Promise<DoctorReply> {
  const leases = leaseLines(broker, request.target);
  const { line, targets } = await targetsOf(broker, request.target, leases.length > 0);
  const checks: Line[] = [
    ...hardening(broker),
    auditLine(broker),
    ...(await signingLines(broker)),
    ...watchLines(broker),
    ...stateLine(broker),
    line,
    ...leases,
    // Last: the configuration has been read by then.
    ...(await syncLines(broker)),
  ];
  for (const target of targets) checks.push(...(await targetLines(broker, target)));
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

/** What the rules found that people are told of, and whether telling them works. */
function watchLines(broker: Broker): Line[] {
  const told = recentAnomalies(broker).filter(({ action }) => action !== 'observe');
  const rules = [...new Set(told.map(({ rule }) => rule))].join(', ');
  const anomalies: Line = {
    target: null,
    name: 'anomalies',
    status: told.length === 0 ? 'ok' : 'warning',
    detail: told.length === 0 ? 'none in the last day' : `${told.length} in the last day: ${rules}`,
    ...(told.length > 0 && { advice: 'jit status tells them; the rules are in the section "anomalies"' }),
  };
  const channels = [...broker.alerting].map(([name, { code, dropped }]): Line => {
    const line = { target: null, name: `alerts: ${name}` };
    if (dropped > 0) {
      const told = `${dropped} ${dropped === 1 ? 'alert' : 'alerts'} that had not got through ${dropped === 1 ? 'was' : 'were'} dropped`;
      return { ...line, status: 'warning', detail: told, advice: 'jit audit log says what happened' };
    }
    if (code === null) return { ...line, status: 'ok', detail: 'no alert was lost' };
    const detail = `the last alert did not get through (${code})`;
    return { ...line, status: 'failed', detail, advice: `what was said is in ${broker.paths.log}` };
  });
  return [anomalies, ...channels];
}

/** Where everything lies when there is no better place. */
function stateLine({ paths }: Broker): Line[] {
  if (!paths.isTemporary) return [];
  const detail = `in ${paths.stateDir}, a temporary folder: HOME is absent or cannot be written`;
  const advice =
    'set JIT_STATE_DIR to a private folder that is kept, if the audit log has to outlive this job';
  return [{ target: null, name: 'state', status: 'warning', detail, advice }];
}

/** Leases that did not go at the first attempt; of one target, or of all, also of those that left the configuration. */
function leaseLines(broker: Broker, target: string | null): Line[] {
  return broker.ledger
    .openLeases()
    .filter((lease) => target === null || lease.target === target)
    .filter(
      ({ state, attempts, damaged }) =>
        damaged !== undefined || state === 'overdue' || (state === 'revoking' && attempts > 0),
    )
    .map((lease) => (isEndAwaited(broker, lease) ? stayingLine(lease) : leaseLine(lease)));
}

function leaseLine(lease: Lease): Line {
  if (lease.damaged !== undefined) return damagedLine(lease);
  const { target, name, state, attempts, lastError, accessEndedAt } = lease;
  const tries = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`;
  const why = lastError === null ? '' : ` (${whyWords[lastError] ?? lastError})`;
  const access = accessEndedAt === null ? 'access may go on' : 'access has ended, clean-up remains';
  return {
    target,
    name: state === 'overdue' ? 'overdue lease' : 'lease',
    status: state === 'overdue' ? 'failed' : 'warning',
    detail: `${name} is not confirmed gone after ${tries}${why}: ${access}`,
    advice: 'the broker tries until it is; what fails below may keep it from that',
  };
}

/** What nobody can take back and is not late yet: nothing is wrong with the broker or the target. */
function stayingLine({ target, name, accessEndedAt }: Lease): Line {
  const who = accessEndedAt === null ? 'who has it has access until then' : 'nobody has it';
  return {
    target,
    name: 'lease',
    status: 'warning',
    detail: `${name} cannot be withdrawn and ends by itself: ${who}`,
    advice: 'jit status tells when',
  };
}

const whyWords: Partial<Record<ErrorCode, string>> = {
  ERR_TARGET_UNREACHABLE: 'the target cannot be reached',
  ERR_TARGET_REFUSED: 'the target refuses',
  ERR_SECRET_UNAVAILABLE: "the broker's own credential is not at hand",
  ERR_REVOKE_INCOMPLETE: 'something of it is still there',
};

/** The targets to look at; a configuration that cannot be read is a line of the report. */
async function targetsOf(
  broker: Broker,
  name: string | null,
  isNeeded: boolean,
): Promise<{ line: Line; targets: TargetConfig[] }> {
  const configuration = { target: null, name: 'configuration' };
  try {
    const config = await broker.policy.config();
    const line: Line = { ...configuration, status: 'ok', detail: config.path };
    if (name === null) return { line, targets: [...config.targets.values()] };
    if (isNeeded && !config.targets.has(name)) {
      const detail = `${config.path} has no target "${name}" any more; it is revoked all the same`;
      return { line: { ...configuration, status: 'warning', detail }, targets: [] };
    }
    return { line, targets: [resolveTarget(config, name)] };
  } catch (thrown) {
    if (hasCode(thrown, 'ERR_UNKNOWN_NAME')) throw thrown;
    return { line: { ...configuration, status: 'failed', ...wordsOf(thrown) }, targets: [] };
  }
}

/** What one provider says; one that cannot even be opened does not keep the others from being looked at. */
async function targetLines(broker: Broker, target: TargetConfig): Promise<Line[]> {
  try {
    const provider = await broker.providers.forTarget(target);
    const lines = (await provider.check?.(AbortSignal.timeout(broker.timing.call))) ?? [];
    return lines.map((line) => ({ target: target.name, ...line }));
  } catch (thrown) {
    return [{ target: target.name, name: 'provider', status: 'failed', ...wordsOf(thrown) }];
  }
}

function wordsOf(thrown: unknown): Pick<Line, 'detail' | 'advice'> {
  const { message, hint } = toJitError(thrown);
  return { detail: message, ...(hint === undefined ? {} : { advice: hint }) };
}
