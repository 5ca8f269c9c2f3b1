// What rules remember: bounded, the longest untouched is forgotten first.

import type { Instant, Milliseconds } from '../../core/time.ts';

/** More people, roles or leases than this are not told apart for ever by one rule. */
const mostKeys = 10_000;

/** A map of at most `most` keys; setting and getting keep a key young. */
export interface Memory<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
  entries(): Iterable<[string, Value]>;
  readonly size: number;
}

/** An empty memory. */
export function createMemory<Value>(most = mostKeys): Memory<Value> {
  const values = new Map<string, Value>();
  return {
    get(key) {
      const value = values.get(key);
      if (value === undefined) return undefined;
      values.delete(key);
      values.set(key, value);
      return value;
    },
    set(key, value) {
      values.delete(key);
      values.set(key, value);
      if (values.size <= most) return;
      for (const oldest of values.keys()) {
        values.delete(oldest);
        break;
      }
    },
    delete: (key) => void values.delete(key),
    entries: () => values.entries(),
    get size() {
      return values.size;
    },
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
  };
}

/** One key of several names. */
export const keyOf = (...names: readonly (string | null | undefined)[]): string =>
  names.map((name) => name ?? '').join('\n');
