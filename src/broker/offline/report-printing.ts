// A collected report as a text, handed on or in a file; and the period that one is about.

import { createHash } from 'node:crypto';
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { Printing } from '../../audit/report/document.ts';
import { htmlOf } from '../../audit/report/html.ts';
import { jsonOf } from '../../audit/report/json.ts';
import { markdownOf } from '../../audit/report/markdown.ts';
import type { Period, Report } from '../../audit/report/report.ts';
import { JitError } from '../../core/errors.ts';
import type { Instant } from '../../core/time.ts';
import type { ReportReply, ReportRequest, ReportWatch } from '../../protocol/report.ts';
import { systemClock } from '../../system/clock.ts';
import { cannotWrite } from './output-file.ts';

/** Texts are handed on when they are about this long, in UTF-16 units. */
const batchLength = 256 * 1024;
const second = 1_000;
const aYear = 366 * 86_400 * second;
/** There was no jit before. */
const earliest = Date.UTC(2020);

/** To the second: commands cannot name less. Without an end, to just after the newest event; never to what is yet to come. */
export function periodOf(
  from: Instant | null,
  to: Instant | null,
  times: { readonly first: Instant; readonly last: Instant } | null,
): Period {
  const now = systemClock.now();
  // Nothing has verified these times yet: what no broker can have written is not worth a million months of nothing.
  const isLikely = (at: Instant): boolean => at >= earliest && at <= now + aYear;
  const first = times && isLikely(times.first) ? times.first : earliest;
  const begin = Math.floor((from ?? first) / second) * second;
  const last = times && isLikely(times.last) ? times.last + second : now;
  const known = Math.max(last, now);
  const end = Math.floor(Math.min(to ?? last, known) / second) * second;
  if (begin < end) return { from: begin, to: end };
  const stamp = (at: number): string => new Date(at).toISOString();
  throw new JitError('ERR_USAGE', `the period ends (${stamp(end)}) before it begins (${stamp(begin)})`, {
    hint: 'jit audit report --from 30d',
  });
}

/** Hands on the text of `report`, or writes it whole or not at all. @param source where it was read */
export async function printReport(
  report: Report,
  { output, format }: Pick<ReportRequest, 'output' | 'format'>,
  source: Pick<Printing, 'file' | 'place' | 'heads' | 'excused' | 'headFiles'>,
  watch: ReportWatch,
): Promise<ReportReply> {
  watch.progress('Writing', 0, 1);
  const digest = digestOf(report);
  const printing = { ...source, printedAt: systemClock.now(), digest, isWhole: format === 'md' };
  const texts = { html: htmlOf, md: markdownOf, json: jsonOf }[format](report, printing);
  if (output === null) await handOn(texts, watch.take);
  else writeWhole(output, texts);
  const { from, to } = report.period;
  const { events, requests } = report.population;
  const { valid, problem } = report.verification;
  return { output, format, from, to, events, requests, grants: report.grants.length, digest, valid, problem };
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
    throw cannotWrite(output, cause);
  }
}

function writeAll(handle: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done);
}
