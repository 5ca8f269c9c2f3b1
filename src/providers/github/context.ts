// What every step of the provider is given, and what providers of one broker share: a lease is revoked by another
// provider object than the one that issued it.

import { JitError } from '../../core/errors.ts';
import type { Instant } from '../../core/time.ts';
import type { Sealer } from '../../system/seal.ts';
import type { ProviderTools } from '../provider.ts';
import type { Access } from './handle.ts';
import { createSignIns, type SignIns } from './sign-ins.ts';
import { createTokens, type Tokens } from './tokens.ts';

/** One target, one call. */
export interface Context {
  readonly access: Access;
  readonly tools: ProviderTools;
  readonly shared: Shared;
  readonly signal: AbortSignal;
  /** `some`: GitHub may have made a token whose answer did not arrive. Begins anew with each context. */
  readonly losses: { some: boolean };
}

/** Shared by all providers of one broker. */
export interface Shared {
  readonly tokens: Tokens;
  /** Where an App is installed, by target, and until when that is believed. */
  readonly installations: Map<string, { readonly id: number; readonly until: Instant }>;
  /** Of people, where the App acts for them. */
  readonly signIns: SignIns;
}

const all = new WeakMap<ProviderTools, Shared>();

export function contextOf(access: Access, tools: ProviderTools, signal: AbortSignal): Context {
  return { access, tools, shared: sharedOf(tools), signal, losses: { some: false } };
}

export function sharedOf(tools: ProviderTools): Shared {
  const known = all.get(tools);
  if (known) return known;
  const shared: Shared = {
    tokens: createTokens(),
    installations: new Map(),
    signIns: createSignIns(tools.clock),
  };
  all.set(tools, shared);
  return shared;
}

/** What seals tokens. @throws JitError `ERR_INTERNAL` in tools that issue nothing */
export function sealerOf({ tools }: Context): Sealer {
  if (tools.sealer) return tools.sealer;
  throw new JitError('ERR_INTERNAL', 'tokens of GitHub need a sealer, and there is none');
}
