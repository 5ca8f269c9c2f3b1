// `jit audit export --store`: everybody's events from the shared store, each log from where the last export of it ended.

import { type Position, parseStoreCursor, storeCursorText } from '../../audit/export/cursor.ts';
import { formatterOf } from '../../audit/export/formatter.ts';
import { JitError } from '../../core/errors.ts';
import type { ExportBatch } from '../../protocol/offline.ts';
import type { StoreExportReply, StoreExportRequest } from '../../protocol/store.ts';
import { openStoreExport, type StoreExport } from '../../shared-store/export.ts';
import { version } from '../../system/version.ts';
import { asAuditor } from './as-auditor.ts';
import { readCursorFile, runExport, writeCursorFile } from './export-run.ts';

/**
 * Hands `take` the text of every event asked for, log after log. The cursor file has a position per log, and is written after
 * `take` has settled. A log that holds something wrong is exported up to there; the others are exported nevertheless.
 * @throws JitError `ERR_CONFIG`, `ERR_USAGE`, `ERR_CONFLICT` (the cursor is of another store), `ERR_AUDIT_INVALID` after all
 * else was taken, and those of the connection
 */
export async function storeExport(
  config: string | null,
  request: StoreExportRequest,
  take: (batch: ExportBatch) => Promise<void>,
): Promise<StoreExportReply> {
  const { format, since, until, cursorFile } = request;
  const after = cursorFile === null ? null : readCursorFile(cursorFile, parseStoreCursor, 'a shared store');
  const ends = new Map((after ?? []).map((position): [string, Position] => [position.origin, position]));
  const problems: string[] = [];
  // What our own side throws is no failure of the connection.
  let own: unknown = null;
  const ownSide = async <T>(work: () => Promise<T> | T): Promise<T> => {
    try {
      return await work();
    } catch (thrown) {
      own = thrown;
      throw thrown;
    }
  };
  try {
    return await asAuditor(config, async (connection) => {
      const query = { after: after ?? [], since, until, isGoingOn: cursorFile !== null };
      const source = await openStoreExport(connection, query);
      const events = await runExport(noting(source, problems), {
        formatter: formatterOf(format, { version, ocsf: request.ocsf }),
        header: after !== null ? 'never' : cursorFile === null ? 'always' : 'first',
        take: (batch) => ownSide(() => take(batch)),
        passed: ({ body: { origin }, seq, leaf }) => void ends.set(origin, { origin, seq, leaf }),
        save: () => {
          if (cursorFile !== null) writeCursorFile(cursorFile, storeCursorText(ends.values()));
        },
      });
      if (problems.length > 0) throw incomplete(problems, source.logs);
      return { events, logs: source.logs };
    });
  } catch (thrown) {
    throw own ?? thrown;
  }
}

/** The pages of `source`; what is wrong goes to `problems`. */
function noting(source: StoreExport, problems: string[]) {
  return {
    total: source.total,
    async *pages() {
      for await (const { origin, events, done, problem } of source.pages()) {
        if (problem !== null) problems.push(`"${origin}": ${problem}`);
        yield { events, done };
      }
    },
  };
}

function incomplete(problems: readonly string[], logs: number): JitError {
  const [first = ''] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return new JitError(
    'ERR_AUDIT_INVALID',
    `${problems.length} of ${logs} logs could not be exported to the end: ${first}${more}`,
    { hint: 'jit audit verify --store' },
  );
}
