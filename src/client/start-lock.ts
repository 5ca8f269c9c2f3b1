// Which of several clients starts the broker: the one whose name is in a file beside the socket. Owns: that file.
// Must not: be needed. Without it more brokers are started than one, and all but one of them leave again.

import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { errnoOf } from '../system/errno.ts';
import { isAlive, sessionOf } from '../system/process-info.ts';
import { randomId, systemRandom } from '../system/random.ts';

/** The right to start a broker, until it is released or its process ends, however it ends. */
export interface StartLock {
  release(): void;
}

/** Rounds in which somebody else may be faster; then nobody is waited for. */
const rounds = 3;

const none: StartLock = { release: () => undefined };

/**
 * Takes the lock at `file`, or answers the text of whoever holds it: another one for each time that it is taken. That of
 * a process that has ended is taken over. Where no such file can be made, everybody has the lock.
 */
export function takeStartLock(file: string): StartLock | string {
  const own = sessionOf(process.pid);
  if (own === null) return none;
  const text = `${own.pid} ${randomId(systemRandom, 10)} ${own.startTime}`;
  for (let round = 0; round < rounds; round += 1) {
    const put = putIfAbsent(file, text);
    if (put === 'put') return { release: () => removeIfStill(file, text) };
    if (put === 'impossible') return none;
    const found = read(file);
    if (found !== null && isHeld(found)) return found;
    // Between the look and the removal another may have taken it over: then one broker more is started, and leaves.
    if (found !== null) removeIfStill(file, found);
  }
  return none;
}

/** As a link to a file that is whole already: nobody ever reads half a name. */
function putIfAbsent(file: string, text: string): 'put' | 'there' | 'impossible' {
  const whole = path.join(path.dirname(file), `.start.${randomId(systemRandom, 10)}`);
  try {
    writeFileSync(whole, text, { flag: 'wx', mode: 0o600 });
    linkSync(whole, file);
    return 'put';
  } catch (error) {
    return errnoOf(error) === 'EEXIST' ? 'there' : 'impossible';
  } finally {
    rmSync(whole, { force: true });
  }
}

function isHeld(text: string): boolean {
  const [, pid, startTime] = /^(\d+) \S+ (.+)$/.exec(text) ?? [];
  return startTime !== undefined && isAlive({ pid: Number(pid), startTime });
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function removeIfStill(file: string, text: string): void {
  try {
    if (read(file) === text) rmSync(file, { force: true });
  } catch {
    // It is known to be over as soon as this process has ended.
  }
}
