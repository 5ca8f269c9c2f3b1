import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { standardStream } from '../../src/cli/standard-stream.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'jit-stream-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const never = (): never => {
  throw new Error('not expected');
};

describe('standardStream', () => {
  it('writes to the descriptor without making a stream', async () => {
    const file = path.join(folder, 'out');
    const descriptor = openSync(file, 'w');
    const out = standardStream(descriptor, never, never);
    out.write('ä\n');
    out.write('b\n');
    await out.flush();
    closeSync(descriptor);
    expect(readFileSync(file, 'utf8')).toBe('ä\nb\n');
  });

  it('reports what cannot be written', () => {
    const descriptor = openSync(import.meta.filename, 'r');
    const errors: unknown[] = [];
    standardStream(descriptor, never, ({ code }) => errors.push(code)).write('a');
    closeSync(descriptor);
    expect(errors).toEqual(['EBADF']);
  });

  it('goes on with a stream where a pipe does not block and is full, and loses nothing', async () => {
    const fifo = path.join(folder, 'fifo');
    process.getBuiltinModule('node:child_process').execFileSync('mkfifo', [fifo]);
    const { O_RDWR, O_NONBLOCK } = process.getBuiltinModule('node:fs').constants;
    const descriptor = openSync(fifo, O_RDWR | O_NONBLOCK);
    const made = new PassThrough();
    const out = standardStream(descriptor, () => made, never);
    const text = 'jit\n'.repeat(100_000);
    out.write(text);
    out.write('end');
    made.end();
    const later = (await made.toArray()).join('');
    const early = Buffer.alloc(text.length);
    const size = process.getBuiltinModule('node:fs').readSync(descriptor, early);
    closeSync(descriptor);
    expect(size).toBeGreaterThan(0);
    expect(early.toString('utf8', 0, size) + later).toBe(`${text}end`);
  });
});
