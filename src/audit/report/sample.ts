// A sample that nobody can steer and everybody can draw again.

import { hash } from 'node:crypto';
import type { GrantDraft } from './register.ts';
import type { Sample } from './report.ts';

/**
 * The `size` grants of the period whose SHA-256 of `<seed>:<grant id>` is smallest, in that order. Denied requests are
 * of the population, too.
 */
export function sampleOf(grants: readonly GrantDraft[], size: number, seed: string): Sample {
  const drawn = [...new Set(grants.map(({ id }) => id))]
    .map((id) => ({ id, mark: hash('sha256', `${seed}:${id}`, 'hex') }))
    .sort((one, other) => (one.mark < other.mark ? -1 : 1))
    .slice(0, size);
  return { size, seed, grants: drawn.map(({ id }) => id) };
}
