import { expect, test } from 'vitest';
import { nobody } from '../../src/client/socket.ts';

test.each([
  ['ENOENT', 'it is not running'],
  ['ECONNREFUSED', 'it is not running'],
  ['EACCES', 'its socket belongs to somebody else'],
  ['ENOTDIR', 'its folder is no folder'],
  ['EMFILE', 'too many files are open in this process (EMFILE)'],
])('why the broker cannot be reached is told in words: %s', (code, words) => {
  const { message } = nobody(Object.assign(new Error('planted'), { code }));
  expect(message).toBe(`cannot reach the broker: ${words}`);
});
