// One writer per policy: IAM has no way to say "only if unchanged", so two at a time would lose one of the two. Those
// who come while a write is under way share the next.

export interface Lines {
  /** @param write is given all items that have come together */
  join<Item>(
    key: string,
    items: readonly Item[],
    write: (items: readonly Item[]) => Promise<void>,
  ): Promise<void>;
}

interface Line {
  next: { items: unknown[]; done: Promise<void> } | null;
  last: Promise<void>;
}

export function createLines(): Lines {
  const lines = new Map<string, Line>();
  return {
    join(key, items, write) {
      const line = lines.get(key) ?? { next: null, last: Promise.resolve() };
      lines.set(key, line);
      if (line.next === null) {
        const waiting: unknown[] = [];
        const done = line.last.then(() => {
          line.next = null;
          return write(waiting as typeof items);
        });
        line.next = { items: waiting, done };
        line.last = done.catch(() => undefined);
      }
      line.next.items.push(...items);
      return line.next.done;
    },
  };
}
