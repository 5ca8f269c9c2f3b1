// fish 4, which `npm run peers` brings from a newer Debian: where it is, and how the tests of fish are played in it.

import { existsSync } from 'node:fs';
import path from 'node:path';

const folder = path.join(import.meta.dirname, '../../.cache/peers/debian');
const isThere = existsSync(path.join(folder, '.made-from'));

/** Where `fish` is fish 4. */
export const fish4Folder = path.join(folder, 'fish/usr/bin');

/** Why tests with it are skipped; null when it is there. */
export const noFish4: string | null = isThere ? null : 'fish 4 is not there: npm run peers';

/** From now on `fish` is fish 4 in this process and in what it starts. */
export function putFish4First(): void {
  process.env['PATH'] = `${fish4Folder}${path.delimiter}${process.env['PATH'] ?? ''}`;
}

/** From now on tests that are loaded are those of fish 4 alone, as far as they are told apart by shell. */
export function testFish4Alone(): void {
  putFish4First();
  process.env['JIT_TEST_SHELL'] = 'fish';
}

/** Those of `all` that are to be tested: all, or where a file of tests asks for one shell alone, that one. */
export function shellsToTest<T>(all: readonly T[], nameOf: (one: T) => string): readonly T[] {
  const only = process.env['JIT_TEST_SHELL'];
  return all.filter((one) => only === undefined || nameOf(one) === only);
}
