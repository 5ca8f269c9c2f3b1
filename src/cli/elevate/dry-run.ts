// jit elevate --dry-run: what would be granted, or the refusal. Must not: ask for a grant.

import type { Client } from '../../client/client.ts';
import { refusalOf } from '../../core/refusal.ts';
import type { Wish } from '../../protocol/routes.ts';
import { escapeText } from '../escape.ts';
import { previewLines, verdictText } from '../preview-text.ts';
import type { World } from '../world.ts';

/**
 * Prints the broker's preview of a complete wish as the result of the command.
 * @throws JitError when policy would refuse: what the real request would be told
 */
export async function dryRun(world: World, client: Client, wish: Wish, json: boolean): Promise<void> {
  const { out } = world;
  const shown = await client.preview(wish);
  const { outcome } = shown;
  if (json) out.json(shown);
  else if (outcome !== 'denied') {
    out.print(verdictText(shown, out.paint));
    if (shown.entitlement !== null) out.print(`  by the entitlement "${escapeText(shown.entitlement)}"`);
    for (const line of previewLines(shown.preview, '  ')) out.print(line);
    if (outcome === 'allowed') out.note('jit: nothing was asked for, and nothing is recorded');
  }
  if (outcome !== 'allowed') throw refusalOf({ ...shown, outcome });
}
