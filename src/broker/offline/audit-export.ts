// `jit audit export`: events of a log file as text for others, from where the last export ended. Needs no broker.

import { readFileSync, statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { formatterOf } from '../../audit/export/formatter.ts';
import { originPattern } from '../../audit/origin.ts';
import { JitError } from '../../core/errors.ts';
import type { ExportBatch, ExportReply, ExportRequest } from '../../protocol/offline.ts';
import { openExport, type Position } from '../../store/export.ts';
import { errnoOf } from '../../system/errno.ts';
import { writeFileAtomic } from '../../system/files.ts';
import { resolvePaths } from '../../system/paths.ts';
import { version } from '../../system/version.ts';

/** Texts are handed on when they are about this long, in UTF-16 units. */
const batchLength = 1024 * 1024;

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
  const after = cursorFile === null ? parseCursor(request.after) : readCursor(cursorFile);
  const path = file ?? resolvePaths(process.env).database;
  const reader = openExport(path, { after, since, until });
  const formatter = formatterOf(format, { version, ocsf: request.ocsf });
  // What goes on where another export ended is appended to it.
  let text = after === null ? formatter.header : '';
  let events = 0;
  let end = after;
  let isMoved = false;

  async function flush(done: number): Promise<void> {
    if (text !== '') await take({ text, events, done, total: reader.total });
    text = '';
    if (cursorFile !== null && end !== null && isMoved) writeCursor(cursorFile, end);
    isMoved = false;
    // Between two pages signals and timers get their turn.
    await setImmediate();
  }

  try {
    for (const page of reader.pages()) {
      for (const event of page.events) {
        text += formatter.line(event);
        events += 1;
        end = { origin: event.body.origin, seq: event.seq, leaf: event.leaf };
        isMoved = true;
        if (text.length >= batchLength) await flush(page.done);
      }
      await flush(page.done);
    }
    await flush(reader.total);
  } finally {
    reader.close();
  }
  return { events, cursor: end === null ? null : cursorText(end) };
}

function cursorText({ origin, seq }: Position): string {
  return `${origin}:${seq}`;
}

const cursorForm = /^(\S{1,200}):(0|[1-9]\d{0,14})(?: ([0-9a-f]{64}))?$/;

/** A cursor as it is given: `<origin>:<sequence>`. */
function parseCursor(text: string | null, what = `"${text}"`): Position | null {
  if (text === null) return null;
  const [, origin = '', seq, leaf = null] = cursorForm.exec(text) ?? [];
  if (seq === undefined || !originPattern.test(origin)) {
    throw new JitError('ERR_USAGE', `${what} is no cursor`, {
      hint: 'write <log>:<sequence>, for example jit.7h2k9d3f5g6h8j1k:41',
    });
  }
  return { origin, seq: Number(seq), leaf };
}

/** The cursor in `file`; null when there is none yet. Its last event is named with its hash: another log is noticed. */
function readCursor(file: string): Position | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return null;
    throw unusable(file, 'read', thrown);
  }
  return parseCursor(text.trimEnd(), `what is in "${file}"`);
}

function writeCursor(file: string, end: Position): void {
  try {
    writeFileAtomic(file, `${cursorText(end)}${end.leaf === null ? '' : ` ${end.leaf}`}\n`);
  } catch (thrown) {
    throw unusable(file, 'written', thrown);
  }
}

function unusable(file: string, what: string, thrown: unknown): JitError {
  const why = errnoOf(thrown) ?? 'unexpected failure';
  return new JitError('ERR_USAGE', `the cursor file "${file}" cannot be ${what}: ${why}`, { cause: thrown });
}
