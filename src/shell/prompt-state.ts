// Reads the prompt-state file as the shell hooks do. The broker writes it; nothing here does.

import { readFileSync } from 'node:fs';
import type { Instant } from '../core/time.ts';

/**
 * The deadline that the file states for a grant, to the second; null when it names none. Lines are
 * `<expiry, epoch seconds> <grant id> <target> …`, one active grant each; whatever is malformed is skipped.
 */
export function recordedDeadline(file: string, grant: string): Instant | null {
  for (const line of read(file).split('\n')) {
    const [expiry = '', id] = line.split(' ');
    if (id === grant && /^[0-9]{1,11}$/.test(expiry)) return Number(expiry) * 1000;
  }
  return null;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // No file: the broker is gone, and the deadline that the session was started with holds.
    return '';
  }
}
