// `jit audit report`: a report on a period, from a log file: verified and collected in one pass. Needs no broker.

import { createHash } from 'node:crypto';
import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { createCollector } from '../../audit/report/collect.ts';
import type { Printing } from '../../audit/report/document.ts';
import { htmlOf } from '../../audit/report/html.ts';
import { jsonOf } from '../../audit/report/json.ts';
import { markdownOf } from '../../audit/report/markdown.ts';
import { instantOf } from '../../audit/report/place.ts';
import type { Period, Report, Verification } from '../../audit/report/report.ts';
import { JitError } from '../../core/errors.ts';
import type { Instant } from '../../core/time.ts';
import type { ReportReply, ReportRequest, ReportWatch } from '../../protocol/report.ts';
import { fileHeadKeeper } from '../../store/head-keeper.ts';
import { readSpan } from '../../store/log-span.ts';
import { type FileReport, verifyFile } from '../../store/verify-file.ts';
import { systemClock } from '../../system/clock.ts';
import { errnoOf } from '../../system/errno.ts';
import { resolvePaths } from '../../system/paths.ts';
import { version } from '../../system/version.ts';

/** Texts are handed on when they are about this long, in UTF-16 units. */
const batchLength = 256 * 1024;
const second = 1_000;
const progressEvery = 1_000;

/**
 * Verifies the log, collects the report from the verified events alone, and hands its text to `watch.take`, or writes it
 * to `request.output`, whole or not at all.
 * @throws JitError `ERR_USAGE` for a file that is none, a period that is none, an output that cannot be written;
 * `ERR_AUDIT_UNAVAILABLE` and `ERR_AUDIT_INVALID` when nothing of the log can be read
 */
export async function auditReport(request: ReportRequest, watch: ReportWatch): Promise<ReportReply> {
  const { file, output, format, sample, seed } = request;
  if (file !== null && !statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new JitError('ERR_USAGE', `there is no log file "${file}"`, { hint: 'jit audit report --help' });
  }
  const paths = resolvePaths(process.env);
  const path = file ?? paths.database;
  const heads = file === null ? fileHeadKeeper(paths.heads).known() : [];
  const { newest, period } = aboutOf(path, request);
  const collector = createCollector({ version, newest, period, sample, seed });
  const found = verifyFile(path, {
    heads,
    onEvent(body, row, rows) {
      collector.see(body);
      if (row % progressEvery === 0) watch.progress('Reading', row, rows);
    },
  });
  const report = collector.result(verificationOf(found));
  watch.progress('Writing', 0, 1);
  const digest = digestOf(report);
  const printing = {
    printedAt: systemClock.now(),
    digest,
    isWhole: format === 'md',
    file,
    heads: found.heads,
  };
  const texts = { html: htmlOf, md: markdownOf, json: jsonOf }[format](report, printing satisfies Printing);
  if (output === null) await handOn(texts, watch.take);
  else writeWhole(output, texts);
  const { from, to } = report.period;
  const { events, requests } = report.population;
  const { valid, problem } = report.verification;
  return { output, format, from, to, events, requests, grants: report.grants.length, digest, valid, problem };
}

/** To the second: commands cannot name less. Without an end, to just after the newest event; never to what is yet to come. */
function aboutOf(path: string, { from, to }: ReportRequest): { newest: string; period: Period } {
  const { origin, times } = readSpan(path);
  const begin = Math.floor((from ?? times?.first ?? 0) / second) * second;
  const last = (times?.last ?? 0) + second;
  const known = Math.max(last, systemClock.now());
  const end = Math.floor(Math.min(to ?? last, known) / second) * second;
  if (begin < end) return { newest: origin, period: { from: begin, to: end } };
  const stamp = (at: number): string => new Date(at).toISOString();
  throw new JitError('ERR_USAGE', `the period ends (${stamp(end)}) before it begins (${stamp(begin)})`, {
    hint: 'jit audit report --from 30d',
  });
}

function verificationOf({ logs, path: _1, heads: _2, ...found }: FileReport): Verification {
  const at = (stamp: string | null): Instant | null => (stamp === null ? null : instantOf(stamp));
  const summaries = logs.map(({ fork, missed: _, ...log }) => ({ ...log, fork: fork?.reason ?? null }));
  return { ...found, firstAt: at(found.firstAt), lastAt: at(found.lastAt), logs: summaries };
}

function digestOf(report: Report): string {
  const digest = createHash('sha256');
  for (const text of batches(jsonOf(report))) digest.update(text);
  return digest.digest('hex');
}

/** Short texts as a few long ones. */
function* batches(texts: Iterable<string>): Generator<string> {
  let batch = '';
  for (const text of texts) {
    batch += text;
    if (batch.length < batchLength) continue;
    yield batch;
    batch = '';
  }
  if (batch !== '') yield batch;
}

async function handOn(texts: Iterable<string>, take: ReportWatch['take']): Promise<void> {
  for (const text of batches(texts)) await take(text);
}

/** For its owner alone: it names people and what they did. */
function writeWhole(output: string, texts: Iterable<string>): void {
  const draft = `${output}.part`;
  try {
    rmSync(draft, { force: true });
    const handle = openSync(draft, 'wx', 0o600);
    try {
      for (const text of batches(texts)) writeAll(handle, Buffer.from(text));
    } finally {
      closeSync(handle);
    }
    renameSync(draft, output);
  } catch (cause) {
    rmSync(draft, { force: true });
    const code = errnoOf(cause);
    if (code === null) throw cause;
    throw new JitError('ERR_USAGE', `"${output}" cannot be written: ${code}`, { cause });
  }
}

function writeAll(handle: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done);
}
