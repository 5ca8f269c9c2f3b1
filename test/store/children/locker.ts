// A process that tries to take the lock, says what came of it, and stays until its input ends.

import { writeSync } from 'node:fs';
import { takeInstanceLock } from '../../../src/store/instance-lock.ts';

const [, , path = ''] = process.argv;
const lock = takeInstanceLock(path);
writeSync(1, lock ? 'held\n' : 'busy\n');
process.stdin.resume().on('end', () => lock?.release());
