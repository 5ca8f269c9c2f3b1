// From flags to a complete wish: asks for what is missing on a terminal, else says which flag is missing.
// Shows what will be granted before it asks. Must not: request anything.

import type { Client } from '../../client/client.ts';
import { hasCode, JitError } from '../../core/errors.ts';
import type { PreviewReply, Wish } from '../../protocol/routes.ts';
import type { AskChoice } from '../ask.ts';
import { escapeText } from '../escape.ts';
import { found } from '../fuzzy.ts';
import { readTargets } from '../progress.ts';
import type { World } from '../world.ts';
import { printPreview } from './summary.ts';

interface Asking {
  readonly world: World;
  readonly client: Client;
  /** `--yes`: no confirmation. */
  readonly yes: boolean;
}

function missing(wish: Wish, flag: string, what: string, example: string): JitError {
  const name = wish.role === null ? wish.target : `${wish.target}:${wish.role}`;
  return new JitError('ERR_INPUT_NEEDED', `"${name}" ${what}; give it with "${flag}"`, { hint: example });
}

/** Asks for the role when the target has several. */
async function withRole({ world, client }: Asking, wish: Wish): Promise<Wish> {
  if (wish.role !== null) return wish;
  try {
    await client.preview(wish);
    return wish;
  } catch (error) {
    if (!hasCode(error, 'ERR_INPUT_NEEDED')) throw error;
  }
  const { targets } = await readTargets(world, client);
  const roles = targets.find(({ name }) => name === wish.target)?.roles ?? [];
  const names = roles.map(({ name }) => name).join(', ');
  if (!world.interactive) {
    const example = `jit elevate ${wish.target} --role ${roles[0]?.name ?? '<role>'}`;
    throw missing(wish, '--role', `has several roles: ${names}`, example);
  }
  const open = roles.filter(({ maxDuration }) => maxDuration !== null);
  const usual = [...(open.length > 0 ? open : roles)].sort((one, other) => other.frecency - one.frecency);
  const choices = usual.map(({ name, description }) => ({
    value: name,
    ...(description !== null && { description }),
  }));
  return { ...wish, role: await world.ask.choose(`Role on ${wish.target}`, choices) };
}

/** A scope is missing when policy refuses the wish without one and would consider it with one. */
async function withScope({ world, client }: Asking, wish: Wish, shown: PreviewReply): Promise<Wish> {
  if (shown.outcome !== 'denied' || wish.scope !== null) return wish;
  const { targets } = await readTargets(world, client);
  const role = targets
    .find(({ name }) => name === wish.target)
    ?.roles.find(({ name }) => name === shown.role);
  const previews = await Promise.all((role?.scopes ?? []).map((scope) => client.preview({ ...wish, scope })));
  const scopes = previews
    .filter((one) => one.outcome !== 'denied' || lacksReason(wish, one))
    .flatMap((one) => one.scope ?? []);
  if (scopes.length === 0) return wish;
  if (!world.interactive) {
    const example = `jit elevate ${wish.target}:${shown.role} --scope ${scopes[0]}`;
    throw missing({ ...wish, role: shown.role }, '--scope', `needs a scope (${scopes.join(', ')})`, example);
  }
  const choices = scopes.map((value) => ({ value }));
  return { ...wish, scope: await world.ask.choose(`Scope of ${wish.target}:${shown.role}`, choices) };
}

function lacksReason(wish: Wish, shown: PreviewReply): boolean {
  return wish.reason === null && shown.entitlement !== null && shown.reasonRequired;
}

/**
 * The last reason and the presets of the entitlement, in this order; what is typed is a reason itself, and the first
 * one then, so that Enter takes what stands there and nothing else.
 */
function reasonsFor({ lastReason, reasonPresets }: PreviewReply, typed: string): AskChoice[] {
  const own = typed.trim();
  const about = new Map(reasonPresets.map((preset) => [preset, 'suggested by the policy']));
  const offered = [...new Set([...(lastReason === null ? [] : [lastReason]), ...reasonPresets])];
  if (lastReason !== null) about.set(lastReason, 'as last time');
  const fitting =
    own === ''
      ? offered
      : found(
          own,
          offered.map((name) => ({ name, frecency: 0 })),
        ).map(({ name }) => name);
  const all = [...new Set([...(own === '' ? [] : [own]), ...fitting])];
  return all.map((value) => {
    const description = about.get(value);
    return { value, name: escapeText(value), ...(description !== undefined && { description }) };
  });
}

async function askReason({ ask }: World, shown: PreviewReply): Promise<string> {
  if (shown.lastReason === null && shown.reasonPresets.length === 0) return ask.text('Reason');
  const reason = await ask.search('Reason (type one, or choose)', (typed) => reasonsFor(shown, typed));
  return reason.trim();
}

async function withReason({ world, client }: Asking, wish: Wish, shown: PreviewReply): Promise<Wish> {
  if (!lacksReason(wish, shown)) return wish;
  if (!world.interactive) {
    const example = `jit elevate ${wish.target}:${shown.role} --reason "…"`;
    throw missing({ ...wish, role: shown.role }, '--reason', 'needs a reason', example);
  }
  // Without a reason policy refuses, and a refusal has no lines to show: ask what it would be with one.
  printPreview(world, await client.preview({ ...wish, reason: 'not given yet' }));
  return { ...wish, reason: await askReason(world, shown) };
}

async function confirm({ world, yes }: Asking, shown: PreviewReply, isShown: boolean): Promise<void> {
  if (!world.interactive || yes || shown.risk !== 'high' || shown.outcome !== 'allowed') return;
  if (!isShown) printPreview(world, shown);
  // A y is typed by habit; a name is read first.
  await world.ask.typed(`Risk is high. Type ${shown.target} to go on`, shown.target);
}

/**
 * The wish with role, scope and reason filled in as far as policy needs them. A wish that policy refuses comes
 * back as it is: the refusal belongs into the audit log, which only the real request writes.
 * @throws JitError `ERR_INPUT_NEEDED` naming the missing flag, when nothing may be asked; Cancelled
 */
export async function completeWish(asking: Asking, wish: Wish): Promise<Wish> {
  const named = await withRole(asking, wish);
  const first = await asking.client.preview(named);
  const scoped = await withScope(asking, named, first);
  const second = scoped === named ? first : await asking.client.preview(scoped);
  const complete = await withReason(asking, scoped, second);
  const wasAsked = complete !== scoped;
  const last = wasAsked ? await asking.client.preview(complete) : second;
  await confirm(asking, last, wasAsked);
  return { ...complete, role: last.role };
}
