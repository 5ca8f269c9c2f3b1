// Memory of a process that is idle most of its life.

/** Collects all garbage and returns what is free to the system; takes some 10 ms. Without `--expose-gc`, nothing. */
export function giveMemoryBack(): void {
  void globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
