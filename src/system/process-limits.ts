// Limits of this process as the kernel states them, where koffi is not there to ask.

import { readFileSync } from 'node:fs';

/** The larger of the soft and hard limit of core files in bytes; null when the system does not tell. */
export function readCoreLimit(limits: string = readOwnLimits()): number | null {
  const match = /^Max core file size\s+(\S+)\s+(\S+)/m.exec(limits);
  if (!match) return null;
  const [soft, hard] = match.slice(1).map((word) => (word === 'unlimited' ? Infinity : Number(word)));
  return Math.max(soft ?? Infinity, hard ?? Infinity);
}

function readOwnLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}
