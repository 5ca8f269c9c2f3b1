// A new grant that is kept, for commands that give something of it away and end: console, token, env.

import type { Client } from '../../client/client.ts';
import { JitError } from '../../core/errors.ts';
import type { ElevateReply, ExportKind } from '../../protocol/routes.ts';
import { runOf } from '../../system/ci.ts';
import { quotedWord } from '../quoted-word.ts';
import type { World } from '../world.ts';
import { withWholeHint } from './hint.ts';
import { identityOf } from './identity.ts';
import { giveBack, requestGrant } from './request.ts';
import { printSummary } from './summary.ts';
import { type WishFlags, wishOf } from './wanted.ts';
import { completeWish } from './wish.ts';

/** The flags that it is made of. */
export interface KeptFlags extends WishFlags {
  /** No confirmation. */
  readonly yes: boolean;
  /** What the identity token of a CI job is asked for. */
  readonly audience: string | null;
}

export interface KeptHow {
  /** The command that was typed, which hints name. */
  readonly command: 'console' | 'token' | 'env';
  readonly export: ExportKind;
  /** The options of that command alone, as they were typed. */
  readonly typed: readonly string[];
  /** Says nothing of the grant. */
  readonly quiet: boolean;
}

/** A kept grant, and what to do with it when it turns out to be of no use. */
export interface Kept {
  readonly reply: ElevateReply;
  /** @throws Cancelled after a signal */
  readonly checkSignal: () => void;
  /** Revokes it. Never throws. */
  readonly giveBack: () => Promise<void>;
  /** Lets signals do again what they did before. */
  readonly release: () => void;
}

/** What is missing or denied is so for this command as for elevate, and hints name the one that was typed. */
export function renamed(error: unknown, command: string): unknown {
  if (!(error instanceof JitError) || !error.hint?.startsWith('jit elevate ')) return error;
  const { code, message, hint } = error;
  return new JitError(code, message, { hint: hint.replace('elevate', command) });
}

/** @throws JitError what the broker answers, and what is missing; Cancelled */
export async function keepGrant(
  world: World,
  client: Client,
  word: string,
  flags: KeptFlags,
  how: KeptHow,
): Promise<Kept> {
  const wish = wishOf(world, word, flags);
  const ask = async () => {
    const identity = await identityOf(world, client, flags.audience);
    const complete = await completeWish({ world, client, yes: flags.yes }, { ...wish, identity });
    const kept = {
      export: how.export,
      keep: true,
      onEnd: null,
      session: null,
      run: runOf(world.env),
    } as const;
    return requestGrant(world, client, { ...complete, ...kept });
  };
  const held = await ask().catch((error: unknown) => {
    const audience = flags.audience === null ? [] : ['--audience', quotedWord(flags.audience)];
    const typed = { reason: flags.reason, flags: [...audience, ...how.typed], command: [] };
    throw renamed(withWholeHint(error, wish, typed), how.command);
  });
  const { reply } = held;
  if (!how.quiet) printSummary(world, reply, { stack: '', isShell: false, extension: null });
  return {
    reply,
    checkSignal() {
      const cancelled = held.signalled();
      if (cancelled) throw cancelled;
    },
    async giveBack() {
      await giveBack(world, client, reply.grant);
    },
    release: held.release,
  };
}

/** Hands a kept grant to `use`, and gives it back when that fails or a signal came meanwhile. @throws as {@link keepGrant} and `use` */
export async function withKeptGrant(
  world: World,
  client: Client,
  word: string,
  flags: KeptFlags,
  how: KeptHow & { readonly use: (reply: ElevateReply) => void },
): Promise<void> {
  const kept = await keepGrant(world, client, word, flags, how);
  try {
    kept.checkSignal();
    how.use(kept.reply);
  } catch (error) {
    await kept.giveBack();
    throw error;
  } finally {
    kept.release();
  }
}
