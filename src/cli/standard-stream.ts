// Writing to stdout and stderr. Owns: doing without Node's streams, which take a tenth of a whole start to make.
// Must not: know what is written.

import { fstatSync, fsyncSync, ftruncateSync, writeSync } from 'node:fs';
import { errnoOf } from '../system/errno.ts';

/** Whoever read what was written has gone, as in `jit audit log | head -1`. */
export class ReaderGone extends Error {}

/** A stream that is written to by its descriptor. */
export interface StandardStream {
  readonly write: (text: string) => void;
  /** Settles when all of it has gone: a descriptor that does not block takes it bit by bit. */
  readonly flush: () => Promise<void>;
}

/** Writes all of `text` to a descriptor that blocks, such as the pipe of a shell. @throws Error of the system */
export function writeWhole(descriptor: number, text: string): void {
  for (let rest = Buffer.from(text); rest.length > 0; ) rest = rest.subarray(writeSync(descriptor, rest));
}

/** Waits until what was written to a file is on its disk; what is no file, such as a pipe, has none. */
export function syncFile(descriptor: number, onError: (error: NodeJS.ErrnoException) => void): void {
  try {
    fsyncSync(descriptor);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EIO' || code === 'ENOSPC' || code === 'EDQUOT') onError(error as NodeJS.ErrnoException);
  }
}

/** The answer takes back what was written since, as far as `descriptor` is a file: no part of a line stays on a full disk. */
export function markFile(descriptor: number): () => void {
  const before = fstatSync(descriptor);
  return () => {
    try {
      if (before.isFile()) ftruncateSync(descriptor, before.size);
    } catch {
      // The write has failed already, and that is told.
    }
  };
}

/** How to write to `descriptor`; `stream` makes Node's own, for when it is full and must not be waited for. */
export function standardStream(
  descriptor: number,
  stream: () => NodeJS.WritableStream,
  onError: (error: NodeJS.ErrnoException) => void,
): StandardStream {
  let made: NodeJS.WritableStream | undefined;
  const write = (text: string): void => {
    if (made) {
      made.write(text);
      return;
    }
    let rest = Buffer.from(text);
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') {
        made = stream().on('error', onError);
        made.write(rest);
      } else {
        onError(error as NodeJS.ErrnoException);
      }
    }
  };
  return {
    write,
    flush: () => new Promise((resolve) => (made ? made.write('', () => resolve()) : resolve())),
  };
}
