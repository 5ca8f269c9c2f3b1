// `jit audit report`: a report on a period, from a log file: verified and collected in one pass. Needs no broker.

import { statSync } from 'node:fs';
import { createCollector } from '../../audit/report/collect.ts';
import { instantOf } from '../../audit/report/place.ts';
import type { Period, Verification } from '../../audit/report/report.ts';
import { JitError } from '../../core/errors.ts';
import type { Instant } from '../../core/time.ts';
import type { ReportReply, ReportRequest, ReportWatch } from '../../protocol/report.ts';
import { fileHeadKeeper } from '../../store/head-keeper.ts';
import { readSpan } from '../../store/log-span.ts';
import { type FileReport, verifyFile } from '../../store/verify-file.ts';
import { resolvePaths } from '../../system/paths.ts';
import { version } from '../../system/version.ts';
import { elsewhereOf, readKnown } from './known-elsewhere.ts';
import { seeWritable } from './output-file.ts';
import { periodOf, printReport } from './report-printing.ts';

const progressEvery = 1_000;

/**
 * Verifies the log, collects the report from the verified events alone, and hands its text to `watch.take`, or writes it
 * to `request.output`, whole or not at all.
 * @throws JitError `ERR_USAGE` for a file that is none, a period that is none, an output that cannot be written;
 * `ERR_AUDIT_UNAVAILABLE` and `ERR_AUDIT_INVALID` when nothing of the log can be read
 */
export async function auditReport(request: ReportRequest, watch: ReportWatch): Promise<ReportReply> {
  const { file, sample, seed } = request;
  if (file !== null && !statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new JitError('ERR_USAGE', `there is no log file "${file}"`, { hint: 'jit audit report --help' });
  }
  const known = readKnown(request, 'jit audit report --help');
  if (request.output !== null) seeWritable(request.output);
  const paths = resolvePaths(process.env);
  const path = file ?? paths.database;
  const own = file === null ? fileHeadKeeper(paths.heads).known() : [];
  const { newest, period } = aboutOf(path, request);
  const collector = createCollector({ version, newest, period, sample, seed });
  const found = verifyFile(path, {
    keys: known.keys,
    heads: [...own, ...known.heads],
    isForeign: file !== null,
    onEvent(body, row, rows) {
      collector.see(body);
      if (row % progressEvery === 0) watch.progress('Reading', row, rows);
    },
  });
  const report = collector.result({
    ...verificationOf(found),
    ...elsewhereOf(known, found.logs, file === null ? null : known.keys),
  });
  const { heads, excused } = found;
  return printReport(report, request, { file, heads, excused, headFiles: request.heads }, watch);
}

function aboutOf(path: string, { from, to }: ReportRequest): { newest: string; period: Period } {
  const { origin, times } = readSpan(path);
  return { newest: origin, period: periodOf(from, to, times) };
}

function verificationOf({ logs, path: _1, heads: _2, excused: _3, ...found }: FileReport): Verification {
  const at = (stamp: string | null): Instant | null => (stamp === null ? null : instantOf(stamp));
  const summaries = logs.map(({ fork, missed: _4, problem: _5, ...log }) => ({
    ...log,
    fork: fork?.reason ?? null,
  }));
  return { ...found, firstAt: at(found.firstAt), lastAt: at(found.lastAt), logs: summaries };
}
