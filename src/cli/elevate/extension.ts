// How long a fresh grant could go on once it is about to end, for the line that says so. Must not: extend anything.

import type { Client } from '../../client/client.ts';
import type { Milliseconds } from '../../core/time.ts';
import type { Wish } from '../../protocol/routes.ts';
import type { GrantView } from '../../protocol/views.ts';

const shorter: readonly Milliseconds[] = [1_800_000, 900_000, 300_000];

/**
 * The longest of a few handy lengths, not longer than the grant itself, by which policy lets it go on even in its
 * last second; null when there is none, or when nobody says so. `around` are the caller's other grants.
 */
export async function extensionOf(
  client: Client,
  wish: Wish,
  grant: GrantView,
  around: readonly GrantView[],
): Promise<Milliseconds | null> {
  const { deadline, requestedAt, parent } = grant;
  if (deadline === null) return null;
  const length = Math.round((deadline - requestedAt) / 1000) * 1000;
  const end =
    around.find(({ id }) => id === parent)?.deadline ?? (parent === null ? Number.POSITIVE_INFINITY : 0);
  const lengths = [length, ...shorter.filter((one) => one < length)].filter((one) => deadline + one <= end);
  try {
    const previews = await Promise.all(
      lengths.map((one) => client.preview({ ...wish, role: grant.role, duration: length + one })),
    );
    return lengths[previews.findIndex(({ outcome }) => outcome === 'allowed')] ?? null;
  } catch {
    // The grant is there; a nicety must not take it back.
    return null;
  }
}
