// JSON lines: each event exactly as it was stored, and its leaf hash. The only format that can be verified again.

import type { Formatter } from './format.ts';

/**
 * `{"leaf":"<64 hex>","body":<stored bytes>}`: the stored bytes, whose SHA-256 after a zero byte is the leaf, begin at
 * the 83rd byte of each line and end one before its last. Canonical JSON holds no line break.
 */
export const jsonl: Formatter = {
  header: '',
  line: ({ leaf, bytes }) => `{"leaf":"${leaf}","body":${Buffer.from(bytes).toString('utf8')}}\n`,
};
