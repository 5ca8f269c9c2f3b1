import { expect, test } from 'vitest';
import { createSigner } from '../../src/audit/signer.ts';
import type { HeadKeeper } from '../../src/store/head-keeper.ts';
import { keepLater } from '../../src/store/heads-later.ts';
import { newOrigin, openStore } from '../../src/store/open.ts';
import { systemRandom } from '../../src/system/random.ts';
import { step, stillClock, temporaryPath } from './support.ts';

/** Writes down what it is asked to keep. */
function recorder(fails: () => Error | null = () => null) {
  const kept: string[] = [];
  const keeper: HeadKeeper = {
    known: () => kept.map((line) => line.split(' ')[1] ?? ''),
    keep(origin, note) {
      const thrown = fails();
      if (thrown) throw thrown;
      kept.push(`${origin} ${note}`);
    },
    settle: (origin) => void kept.push(`${origin} settled`),
  };
  return { kept, keeper };
}

/** What waits for the end of the turn. */
function turn() {
  const works: (() => void)[] = [];
  return { later: (work: () => void) => works.push(work), end: () => works.splice(0).map((work) => work()) };
}

test('of the heads of one turn the newest of each log is kept, once', () => {
  const { kept, keeper } = recorder();
  const { later, end } = turn();
  const heads = keepLater(keeper, later);
  for (const note of ['one', 'two', 'three']) heads.keep('a', note);
  heads.keep('b', 'four');
  expect(kept).toEqual([]);
  expect(end()).toHaveLength(1);
  expect(kept).toEqual(['a three', 'b four']);
  heads.keep('a', 'five');
  end();
  expect(kept.at(-1)).toBe('a five');
});

test('whoever asks what is kept, or settles a log, meets what waits as kept', () => {
  const { kept, keeper } = recorder();
  const { later, end } = turn();
  const heads = keepLater(keeper, later);
  heads.keep('a', 'one');
  expect(heads.known()).toEqual(['one']);
  heads.keep('a', 'two');
  heads.settle('a');
  end();
  expect(kept).toEqual(['a one', 'a two', 'a settled']);
});

test('a head that cannot be kept is said until one can', () => {
  let thrown: Error | null = new Error('read-only');
  const { keeper } = recorder(() => thrown);
  const { later, end } = turn();
  const heads = keepLater(keeper, later);
  heads.keep('a', 'one');
  end();
  expect(heads.failure).toBe(thrown);
  thrown = null;
  heads.keep('a', 'two');
  end();
  expect(heads.failure).toBeNull();
});

test('a store that is closed has kept its last head, and says what could not be kept', () => {
  let thrown: Error | null = null;
  const { kept, keeper } = recorder(() => thrown);
  const { later, end } = turn();
  const origin = newOrigin(systemRandom);
  const store = openStore({
    ...{ path: temporaryPath(), clock: stillClock, random: systemRandom, origin },
    signer: createSigner(origin, systemRandom.bytes(32)),
    heads: keepLater(keeper, later),
  });
  const say = () => store.commit((tx) => tx.append(step('more')));
  thrown = new Error('read-only');
  say();
  end();
  expect(store.unkept).toBe(thrown);
  thrown = null;
  say();
  const head = store.signedHead()?.note;
  store.close();
  expect(kept.at(-1)).toBe(`${origin} ${head}`);
});
