// What rules remember: bounded, what was written longest ago is forgotten first.

import type { Instant, Milliseconds } from '../../core/time.ts';

/** More people, roles or leases than this are not told apart for ever by one rule. */
const mostKeys = 10_000;

/** A map that never holds more than `most` keys, and always the half of that which was written last. */
export interface Memory<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
  entries(): Iterable<[string, Value]>;
}

/**
 * An empty memory. In two generations, because taking the oldest key out of a large Map at every event costs more than
 * all rules together: when the young one is full it becomes the old one, and what was in that is forgotten.
 */
export function createMemory<Value>(most = mostKeys): Memory<Value> {
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();
  return {
    get: (key) => young.get(key) ?? old.get(key),
    set(key, value) {
      old.delete(key);
      young.set(key, value);
      if (young.size < most / 2) return;
      old = young;
      young = new Map();
    },
    delete(key) {
      young.delete(key);
      old.delete(key);
    },
    entries: () => [...old, ...young],
  };
}

/** Something that happened. */
export interface Mark {
  readonly at: Instant;
  readonly seq: string;
}

/** Counts what happened per key within a time that ends now. */
export interface Window {
  /** Adds a mark and answers all that are within the time, oldest first. */
  add(key: string, mark: Mark): readonly Mark[];
  /** What is still within the time before `now`. */
  recent(key: string, now: Instant): readonly Mark[];
  clear(key: string): void;
  /** What is marked up to the last of `evidence`, inclusive, has been told. */
  settle(key: string, evidence: readonly string[]): void;
  /** One mark counts no more. */
  remove(key: string, seq: string): void;
}

/** @param most marks per key that are kept: as many as a rule counts to */
export function createWindow(within: Milliseconds, most: number): Window {
  const marks = createMemory<readonly Mark[]>();
  const recent = (key: string, now: Instant) => (marks.get(key) ?? []).filter(({ at }) => now - at <= within);
  return {
    recent,
    add(key, mark) {
      const all = [...recent(key, mark.at), mark].slice(-most);
      marks.set(key, all);
      return all;
    },
    clear: (key) => marks.delete(key),
    settle(key, evidence) {
      const all = marks.get(key) ?? [];
      // The numbers of another log say nothing here, so it is looked for by its place.
      const last = all.findLastIndex(({ seq }) => seq === evidence.at(-1));
      if (last !== -1) marks.set(key, all.slice(last + 1));
    },
    remove(key, gone) {
      const all = marks.get(key);
      if (all)
        marks.set(
          key,
          all.filter(({ seq }) => seq !== gone),
        );
    },
  };
}

/** One key of several names. */
export const keyOf = (...names: readonly (string | null | undefined)[]): string =>
  names.map((name) => name ?? '').join('\n');
