// A report on a generated year of a team, against reading every row of its log once and hashing it.

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { auditReport } from '../src/broker/offline/audit-report.ts';
import { usualYear, writeTeamYear } from './team-year.ts';

/** Times in milliseconds; sizes in bytes. */
export interface ReportBench {
  readonly grants: number;
  readonly events: number;
  readonly ours: number;
  readonly baseline: number;
  readonly ratio: number;
  readonly htmlSize: number;
}

/** @param grants in the year; 100,000 are that of a team of 200 */
export async function benchReport(
  grants = Number(process.env.JIT_BENCH_GRANTS ?? 10_000),
): Promise<ReportBench> {
  const folder = mkdtempSync(path.join(tmpdir(), 'jit-bench-report-'));
  try {
    const file = path.join(folder, 'store', 'jit.db');
    const output = path.join(folder, 'report.html');
    writeTeamYear(file, { ...usualYear, grants });
    // The first run fills the file cache, and counts for nobody.
    readOnce(file);
    const before = performance.now();
    const events = readOnce(file);
    const baseline = performance.now() - before;
    const start = performance.now();
    const { from, to } = usualYear;
    const request = {
      from,
      to,
      format: 'html',
      file,
      output,
      sample: 25,
      seed: null,
      keys: [],
      heads: [],
    } as const;
    const reply = await auditReport(request, { progress: () => undefined, take: async () => undefined });
    const ours = performance.now() - start;
    if (!reply.valid || reply.events !== events) throw new Error('the report is not of the whole year');
    return { grants, events, ours, baseline, ratio: ours / baseline, htmlSize: statSync(output).size };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readOnce(file: string): number {
  const db = new Database(file, { readonly: true });
  try {
    let events = 0;
    const rows = db.prepare<[], Buffer>('SELECT body FROM ev ORDER BY seq').pluck();
    for (const body of rows.iterate()) {
      createHash('sha256').update(body).digest();
      events += 1;
    }
    return events;
  } finally {
    db.close();
  }
}
