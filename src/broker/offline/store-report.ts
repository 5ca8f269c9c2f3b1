// `jit audit report --store`: a report on everybody's logs: verified and collected in one pass over one state of the store.

import { noLeaf } from '../../audit/chain.ts';
import { type Collector, createCollector } from '../../audit/report/collect.ts';
import { headOf } from '../../audit/report/heads.ts';
import { instantOf } from '../../audit/report/place.ts';
import type { LogSummary, Period, StoredLog, Verification } from '../../audit/report/report.ts';
import type { HeadStanding } from '../../audit/trust.ts';
import { JitError } from '../../core/errors.ts';
import type { Instant } from '../../core/time.ts';
import type { ReportReply, ReportWatch } from '../../protocol/report.ts';
import type { StoreReportRequest } from '../../protocol/store.ts';
import type { StoreConnection } from '../../shared-store/connection.ts';
import { storeSpan } from '../../shared-store/span.ts';
import { missingLogs, type StoredLogReport, verifyStore } from '../../shared-store/verify.ts';
import { version } from '../../system/version.ts';
import { asAuditor } from './as-auditor.ts';
import { elsewhereOf, type Known, readKnown } from './known-elsewhere.ts';
import { seeWritable } from './output-file.ts';
import { periodOf, printReport } from './report-printing.ts';

const second = 1_000;

/**
 * As `auditReport`, for all logs of the shared store. A log that is not valid is in the report up to there.
 * @throws JitError `ERR_CONFIG` where the configuration names no auditor; `ERR_USAGE`, and those of the connection
 */
export async function storeReport(
  config: string | null,
  request: StoreReportRequest,
  watch: ReportWatch,
): Promise<ReportReply> {
  const { sample, seed, keptSince } = request;
  const known = readKnown(request, 'jit audit report --help');
  if (request.output !== null) seeWritable(request.output);
  const { report, place } = await asAuditor(config, async (connection, { host, port, database }) => {
    const period = await periodFor(connection, request);
    const store = { keptSinceAt: keptSince === null ? null : Math.floor(keptSince / second) * second };
    const collector = createCollector({ version, newest: null, period, sample, seed, store });
    const verification = await collect(
      connection,
      collector,
      { ...known, keptSince: store.keptSinceAt },
      watch,
    );
    const where = host.includes(':') ? `[${host}]` : host;
    return { report: collector.result(verification), place: `"${database}" at ${where}:${port}` };
  });
  const { elsewhere, logs } = report.verification;
  const count = (wanted: HeadStanding['standing']): number =>
    elsewhere?.heads.filter(({ standing }) => standing === wanted).length ?? 0;
  const source = { file: null, place, heads: count('led_to'), excused: count('excused') };
  const reply = await printReport(report, request, { ...source, headFiles: request.heads }, watch);
  const bad = logs.filter(({ stored }) => stored?.valid === false);
  return {
    ...reply,
    logs: { all: logs.length, invalid: bad.length, missing: elsewhere?.missing.length ?? 0 },
  };
}

/** The times of all events are asked for only where the request leaves one out: that takes reading them. */
async function periodFor(connection: StoreConnection, { from, to }: StoreReportRequest): Promise<Period> {
  if (from !== null && to !== null) return periodOf(from, to, null);
  const span = await storeSpan(connection);
  if (span) return periodOf(from, to, span);
  throw new JitError('ERR_USAGE', 'the shared store has no event yet', { hint: 'jit audit sync' });
}

/** What passed by of one log. */
interface Passed {
  seen: number;
  head: string;
  firstAt: string | null;
  lastAt: string;
}

async function collect(
  connection: StoreConnection,
  collector: Collector,
  known: Known & { readonly keptSince: Instant | null },
  watch: ReportWatch,
): Promise<Verification> {
  const passed = new Map<string, Passed>();
  let clockSteps = 0;
  const reports = await verifyStore(connection, {
    ...known,
    onProgress: (done, total) => watch.progress('Reading', done, total),
    onEvent(origin, body, { leaf }) {
      collector.see(body);
      const log = passed.get(origin) ?? { seen: 0, head: noLeaf, firstAt: null, lastAt: body.ts };
      if (body.ts < log.lastAt) clockSteps += 1;
      log.seen += 1;
      log.head = leaf;
      log.firstAt ??= body.ts;
      log.lastAt = body.ts;
      passed.set(origin, log);
    },
  });
  const logs = reports.map((report) => summaryOf(report, passed.get(report.origin)));
  const missing = missingLogs(reports, known);
  const times = [...passed.values()];
  return {
    valid: missing.length === 0 && reports.every(({ valid }) => valid),
    events: times.reduce((sum, { seen }) => sum + seen, 0),
    head: headOf(logs.map(({ origin, events, stored: { head } }) => ({ origin, events, head }))),
    problem: problemOf(reports) ?? problemOfMissing(missing),
    firstAt: edgeOf(
      times.map(({ firstAt }) => firstAt),
      Math.min,
    ),
    lastAt: edgeOf(
      times.map(({ lastAt }) => lastAt),
      Math.max,
    ),
    clockSteps,
    logs,
    ...elsewhereOf(known, reports, known.keys, missing),
  };
}

function edgeOf(stamps: readonly (string | null)[], pick: (...times: number[]) => number): Instant | null {
  const times = stamps.flatMap((stamp) => (stamp === null ? [] : (instantOf(stamp) ?? [])));
  return times.length === 0 ? null : times.reduce((one, other) => pick(one, other));
}

function problemOf(reports: readonly StoredLogReport[]): Verification['problem'] {
  const bad = reports.find(({ problem }) => problem !== null);
  if (!bad?.problem) return null;
  const { seq, what } = bad.problem;
  return { seq, what: `"${bad.origin}", event ${seq}: ${what}` };
}

function problemOfMissing([name]: readonly string[]): Verification['problem'] {
  return name === undefined
    ? null
    : { seq: 0, what: `"${name}" is not there, and a key or a head of it was given` };
}

function summaryOf(
  report: StoredLogReport,
  passed: Passed | undefined,
): LogSummary & { readonly stored: StoredLog } {
  const { origin, events, root, signed, keys, fork, valid, problem, from, registeredBy, lastSeen } = report;
  return {
    ...{ origin, events, root, signed, keys, fork: fork?.reason ?? null },
    checkpoint: report.checkpoint,
    stored: {
      ...{ valid, problem, firstSeq: from, registeredBy },
      firstAt: passed?.firstAt ? instantOf(passed.firstAt) : null,
      seen: passed?.seen ?? 0,
      head: passed?.head ?? noLeaf,
      lastSeenAt: instantOf(lastSeen) ?? 0,
    },
  };
}
