import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { isPastDeadline } from '../../src/shell/deadline.ts';
import { FakeClock } from '../fakes/clock.ts';
import { temporaryFolder } from '../fakes/folder.ts';

/** A grant `g1` that ends in 60.9 s, and a prompt-state file with `line`, written with the epoch second of now. */
function makeGrant(line: (now: number) => string | null = () => null) {
  const clock = new FakeClock();
  const stateFile = path.join(temporaryFolder(), 'prompt');
  const content = line(clock.now() / 1000);
  if (content !== null) writeFileSync(stateFile, `jit1 3\n${content}\n`, { mode: 0o600 });
  return { clock, stateFile, grant: { id: 'g1', deadline: clock.now() + 60_900 } };
}

test('without a prompt-state file a grant is past its deadline from the deadline on', () => {
  const session = makeGrant();
  session.clock.advance(60_899);
  expect(isPastDeadline(session)).toBe(false);
  session.clock.advance(1);
  expect(isPastDeadline(session)).toBe(true);
});

test('the whole seconds of the file do not cut off the rest of the last second', () => {
  const session = makeGrant((now) => `${now + 60} g1 prod-db write`);
  session.clock.advance(60_500);
  expect(isPastDeadline(session)).toBe(false);
  session.clock.advance(400);
  expect(isPastDeadline(session)).toBe(true);
});

test.each([
  ['as it is', ' high active'],
  ['of the format before', ''],
])('an extended grant has the later deadline of the file, in a line %s', (_format, more) => {
  const session = makeGrant((now) => `${now + 120} g1 prod-db write${more}`);
  session.clock.advance(119_999);
  expect(isPastDeadline(session)).toBe(false);
  session.clock.advance(1);
  expect(isPastDeadline(session)).toBe(true);
});

test.each([
  ['of another grant', (now: number) => `${now + 600} g2 prod-db write`],
  [
    'that says when it ended and that it is overdue',
    (now: number) => `${now + 30} g1 prod-db write high overdue`,
  ],
  ['with an expiry that is no number', () => '9e99 g1 prod-db write'],
  ['with an expiry beyond eleven digits', () => '999999999999 g1 prod-db write'],
  ['that is empty', () => ''],
])('a line %s extends nothing', (_what, line) => {
  const session = makeGrant(line);
  session.clock.advance(60_900);
  expect(isPastDeadline(session)).toBe(true);
});

test('a file that the broker has not written extends nothing', () => {
  const session = makeGrant((now) => `${now + 600} g1 prod-db write high active`);
  session.clock.advance(60_900);
  expect(isPastDeadline(session)).toBe(false);
  chmodSync(session.stateFile, 0o622);
  expect(isPastDeadline(session)).toBe(true);
  if (process.geteuid?.() === 0) {
    chmodSync(session.stateFile, 0o600);
    chownSync(session.stateFile, 65534, 65534);
    expect(isPastDeadline(session)).toBe(true);
  }
});

test('a named pipe in its place holds nobody up', () => {
  const session = makeGrant();
  execFileSync('mkfifo', [session.stateFile]);
  session.clock.advance(60_900);
  expect(isPastDeadline(session)).toBe(true);
});
