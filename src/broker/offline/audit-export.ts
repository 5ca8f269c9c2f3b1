// `jit audit export`: events of a log file as text for others, from where the last export ended. Needs no broker.

import { statSync } from 'node:fs';
import { type Position, parsePosition, positionText } from '../../audit/export/cursor.ts';
import { formatterOf } from '../../audit/export/formatter.ts';
import { JitError } from '../../core/errors.ts';
import type { ExportBatch, ExportReply, ExportRequest } from '../../protocol/offline.ts';
import { openExport } from '../../store/export.ts';
import { resolvePaths } from '../../system/paths.ts';
import { version } from '../../system/version.ts';
import { readCursorFile, runExport, writeCursorFile } from './export-run.ts';

/**
 * Hands `take` the text of every event asked for, in order. The cursor file is written after `take` has settled, so
 * that what it names has been taken; what was taken and is not named comes again, the same byte for byte.
 * @throws JitError `ERR_USAGE`, `ERR_CONFLICT` (the cursor is of another log), `ERR_AUDIT_INVALID`,
 * `ERR_AUDIT_UNAVAILABLE`
 */
export async function auditExport(
  request: ExportRequest,
  take: (batch: ExportBatch) => Promise<void>,
): Promise<ExportReply> {
  const { file, format, since, until, cursorFile } = request;
  if (file !== null && !statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new JitError('ERR_USAGE', `there is no log file "${file}"`, { hint: 'jit audit export --help' });
  }
  if (cursorFile !== null && request.after !== null) {
    throw new JitError('ERR_USAGE', 'a cursor and a cursor file exclude each other', {
      hint: 'leave out --after: the file has the cursor',
    });
  }
  const after =
    cursorFile === null
      ? parseCursor(request.after)
      : readCursorFile(cursorFile, parsePosition, 'a log file');
  const path = file ?? resolvePaths(process.env).database;
  const reader = openExport(path, { after, since, until, isGoingOn: cursorFile !== null });
  let end = after;
  try {
    const events = await runExport(reader, {
      formatter: formatterOf(format, { version, ocsf: request.ocsf }),
      // What goes on where another export ended is appended to it.
      header: after !== null ? 'never' : cursorFile === null ? 'always' : 'first',
      take,
      passed: ({ body, seq, leaf }) => {
        end = { origin: body.origin, seq, leaf };
      },
      save: () => {
        if (cursorFile !== null && end !== null) writeCursorFile(cursorFile, `${positionText(end)}\n`);
      },
    });
    return { events, cursor: end === null ? null : positionText({ ...end, leaf: null }) };
  } finally {
    reader.close();
  }
}

/** A cursor as it is given: `<origin>:<sequence>`. */
function parseCursor(text: string | null): Position | null {
  if (text === null) return null;
  const position = parsePosition(text);
  if (position !== null) return position;
  throw new JitError('ERR_USAGE', `"${text}" is no cursor`, {
    hint: 'write <log>:<sequence>, for example jit.7h2k9d3f5g6h8j1k:41',
  });
}
