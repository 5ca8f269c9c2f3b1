// An export on its way out: text in batches, and a cursor that never names what was not taken.

import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { ExportEvent, Formatter } from '../../audit/export/format.ts';
import { JitError } from '../../core/errors.ts';
import type { ExportBatch } from '../../protocol/offline.ts';
import { errnoOf, errnoText } from '../../system/errno.ts';
import { writeFileAtomic } from '../../system/files.ts';
import { cannotWrite, seeWritable } from './output-file.ts';

/** Texts are handed on when they are about this long, in UTF-16 units. */
const batchLength = 1024 * 1024;

/** What an export reads from. */
export interface ExportSource {
  readonly total: number;
  pages():
    | Iterable<{ readonly events: readonly ExportEvent[]; readonly done: number }>
    | AsyncIterable<{ readonly events: readonly ExportEvent[]; readonly done: number }>;
}

/** Where it goes, and who is told. */
export interface ExportTarget {
  readonly formatter: Formatter;
  /** What begins the text: `always`, also without any event; `first`, with the first event; `never`, it is appended to. */
  readonly header: 'always' | 'first' | 'never';
  take(batch: ExportBatch): Promise<void>;
  /** An event is part of the text; it is not taken yet. */
  passed(event: ExportEvent): void;
  /** All events that have passed are taken. */
  save(): void;
}

/** Answers how many events were taken. */
export async function runExport(source: ExportSource, target: ExportTarget): Promise<number> {
  const { formatter, header } = target;
  let text = header === 'always' ? formatter.header : '';
  let events = 0;
  let saved = 0;

  async function flush(done: number): Promise<void> {
    if (text !== '') await target.take({ text, events, done, total: source.total });
    text = '';
    if (events > saved) target.save();
    saved = events;
    // Between two pages signals and timers get their turn.
    await setImmediate();
  }

  for await (const page of source.pages()) {
    for (const event of page.events) {
      if (events === 0 && header === 'first') text += formatter.header;
      text += formatter.line(event);
      events += 1;
      target.passed(event);
      if (text.length >= batchLength) await flush(page.done);
    }
    await flush(page.done);
  }
  await flush(source.total);
  return events;
}

/** What is in the cursor file; null when there is none yet. Sees that it can be written, before anything is exported. */
export function readCursorFile<Cursor>(
  file: string,
  parse: (text: string) => Cursor | null,
  what: string,
): Cursor | null {
  seeWritable(file, nameOf(file));
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return null;
    throw new JitError('ERR_USAGE', `${nameOf(file)} cannot be read: ${errnoText(thrown)}`, {
      hint: 'name a file of your own',
      cause: thrown,
    });
  }
  const cursor = parse(text.trimEnd());
  if (cursor !== null) return cursor;
  throw new JitError('ERR_USAGE', `what is in "${file}" is no cursor of ${what}`, {
    hint: 'name a file of its own for each export, or one that is not there yet',
  });
}

/** Whole or not at all. */
export function writeCursorFile(file: string, text: string): void {
  try {
    writeFileAtomic(file, text);
  } catch (thrown) {
    throw cannotWrite(file, thrown, nameOf(file));
  }
}

const nameOf = (file: string): string => `the cursor file "${file}"`;
