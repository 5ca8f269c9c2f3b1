// Reading standard input whole. Must not: look at what is read; it may be a secret.

import { JitError } from '../core/errors.ts';

/**
 * The bytes up to the end of `stream`, which is looked up now.
 * @throws JitError `ERR_USAGE` when there are more than `largest`
 */
export async function readInput(
  stream: () => AsyncIterable<Uint8Array | string>,
  largest: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream()) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    size += bytes.length;
    if (size > largest) {
      throw new JitError('ERR_USAGE', `standard input is longer than ${largest} bytes`);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
