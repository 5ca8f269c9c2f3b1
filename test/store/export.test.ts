// Reading a log file from a place on: pages, times, cursors, several logs in one file, a changed file.

import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { leafHash } from '../../src/audit/chain.ts';
import type { Position } from '../../src/audit/export/cursor.ts';
import { type ExportQuery, openExport } from '../../src/store/export.ts';
import type { Store } from '../../src/store/store.ts';
import { open, sampleGrant, start, step, temporaryPath } from './support.ts';

const all: ExportQuery = { after: null, since: null, until: null, isGoingOn: false };

/** A log of `log.open` and `count` more events. */
function logOf(count: number): { path: string; store: Store } {
  const path = temporaryPath();
  const store = open(path);
  store.commit((tx) => {
    for (let index = 1; index <= count; index += 1) tx.append({ ...step(`s${index}`), at: start + index });
  });
  return { path, store };
}

function read(path: string, query: Partial<ExportQuery> = {}) {
  const reader = openExport(path, { ...all, ...query });
  try {
    const pages = [...reader.pages()];
    return { total: reader.total, pages, events: pages.flatMap(({ events }) => events) };
  } finally {
    reader.close();
  }
}

const at = ({ origin }: Store, seq: number, leaf: string | null = null): Position => ({ origin, seq, leaf });

test('answers every event in order, a page at a time, while the log is open', () => {
  const { path, store } = logOf(1_100);
  const { total, pages, events } = read(path);
  expect(total).toBe(1_101);
  expect(pages.map(({ events: { length }, done }) => [length, done])).toEqual([
    [500, 500],
    [500, 1_000],
    [101, 1_101],
  ]);
  expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 1_101 }, (_, seq) => seq));
  expect(events.map(({ leaf }) => leaf)).toEqual(store.events().map(({ leaf }) => leaf));
});

test('goes on after a cursor, and answers nothing at the end', () => {
  const { path, store } = logOf(9);
  expect(read(path, { after: at(store, 6) }).events.map(({ seq }) => seq)).toEqual([7, 8, 9]);
  expect(read(path, { after: at(store, 9) })).toMatchObject({ total: 0, events: [] });
});

test('takes only the times asked for, the first included and the last not', () => {
  const { path } = logOf(9);
  const { events } = read(path, { since: start + 3, until: start + 5 });
  expect(events.map(({ seq }) => seq)).toEqual([3, 4]);
});

test('ends at the event that was the last when it began', () => {
  const { path, store } = logOf(600);
  const reader = openExport(path, all);
  const pages = reader.pages()[Symbol.iterator]();
  pages.next();
  store.commit((tx) => tx.append(step('late')));
  expect(pages.next().value).toMatchObject({ done: 601, events: { length: 101 } });
  expect(pages.next().done).toBe(true);
  reader.close();
});

test('tells the role that the grant of an event was asked for', () => {
  const { path, store } = logOf(0);
  store.commit((tx) => {
    tx.putGrant(sampleGrant('g1', { role: 'write', scope: 'half' }));
    tx.append(step('s', { grant: 'g1' }));
    tx.append(step('s', { grant: 'unknown' }));
  });
  const asked = read(path).events.map((event) => event.asked);
  expect(asked).toEqual([null, { role: 'write', scope: 'half' }, null]);
});

test('goes on from one log of the file to the next, and from either', () => {
  const { path, store } = logOf(2);
  store.fork('restored from a backup', null);
  store.commit((tx) => tx.append(step('after')));
  const names = (events: ReturnType<typeof read>['events']) =>
    events.map(({ body, seq }) => `${body.origin.replace(store.origin, '')}:${seq}`);
  expect(names(read(path).events)).toEqual([':0', ':1', ':2', '/2:0', '/2:1', '/2:2']);
  expect(names(read(path, { after: at(store, 2) }).events)).toEqual(['/2:0', '/2:1', '/2:2']);
  const later = { origin: `${store.origin}/2`, seq: 1, leaf: null };
  expect(names(read(path, { after: later }).events)).toEqual(['/2:2']);
  // Event 3 of the first log would be the first of the second.
  expect(() => read(path, { after: at(store, 3) })).toThrow(
    expect.objectContaining({ code: 'ERR_AUDIT_INVALID' }),
  );
});

test('refuses a cursor of another log, of an event that is not there, and of one that is another now', () => {
  const { path, store } = logOf(3);
  const { leaf = '' } = store.events()[2] ?? {};
  expect(read(path, { after: at(store, 2, leaf) }).total).toBe(1);
  const codeFor = (after: Position) => {
    try {
      return read(path, { after }).total;
    } catch (thrown) {
      return (thrown as { code?: string }).code;
    }
  };
  expect(codeFor({ origin: 'jit.0000000000000000', seq: 1, leaf: null })).toBe('ERR_CONFLICT');
  expect(codeFor(at(store, 4))).toBe('ERR_AUDIT_INVALID');
  expect(codeFor(at(store, 2, 'ab'.repeat(32)))).toBe('ERR_AUDIT_INVALID');
});

test('exports no event that was changed', () => {
  const { path, store } = logOf(3);
  store.close();
  const db = new Database(path);
  db.exec(`UPDATE ev SET body = CAST(replace(CAST(body AS TEXT), 's2', 's9') AS BLOB) WHERE seq = 2`);
  db.close();
  expect(() => read(path)).toThrow(expect.objectContaining({ code: 'ERR_AUDIT_INVALID' }));
});

test('takes no other spelling of an event: a line break in one would forge lines', () => {
  const { path, store } = logOf(3);
  const { bytes } = store.events()[2] ?? { bytes: new Uint8Array() };
  store.close();
  // The owner of a file can make hashes fit; readers of a copy must not be fooled by it.
  const body = Buffer.from(`{\n"forged":1,${Buffer.from(bytes).toString().slice(1)}`);
  const db = new Database(path);
  db.prepare('UPDATE ev SET body = ?, leaf = ? WHERE seq = 2').run(body, Buffer.from(leafHash(body), 'hex'));
  db.close();
  expect(() => read(path)).toThrow(expect.objectContaining({ code: 'ERR_AUDIT_INVALID' }));
});

test('a cursor that goes on passes no event that is too late for now, though the clock went back after it', () => {
  const path = temporaryPath();
  const store = open(path);
  const minutes = [1, 2, 5, 3, 4];
  store.commit((tx) => {
    for (const minute of minutes) tx.append({ ...step(`s${minute}`), at: start + minute * 60_000 });
  });
  const until = start + 4 * 60_000;
  const seqs = (query: Partial<ExportQuery>) => read(path, query).events.map(({ seq }) => seq);
  expect(seqs({ until })).toEqual([0, 1, 2, 4]);
  expect(seqs({ until, isGoingOn: true })).toEqual([0, 1, 2]);
  expect(seqs({ after: at(store, 2), isGoingOn: true })).toEqual([3, 4, 5]);
});
