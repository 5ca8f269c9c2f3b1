// One installation token: asked for, checked to be no more than was asked, deleted again when it is.

import { JitError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import type { Instant, Milliseconds } from '../../core/time.ts';
import { appAuthorization } from './app-jwt.ts';
import { type Answer, call, undisclosed } from './call.ts';
import type { Context } from './context.ts';
import { type Access, tokenLife } from './handle.ts';
import { isWithin, type Permissions } from './permissions.ts';
import { hashOf, type Token } from './tokens.ts';
import { deleteUserToken } from './user-call.ts';

/** Exactly what a token is for. `ids` or `names`, never both, never none; null: every repository, for looking at names only. */
export interface Wanted {
  readonly installation: number;
  readonly repositories: { readonly ids: readonly number[] } | { readonly names: readonly string[] } | null;
  readonly permissions: Permissions;
}

/** A longer life than GitHub's hour by more than this means that the two clocks disagree. */
export const longestSkew: Milliseconds = 5 * 60_000;

/**
 * Whether another one may exist that nobody was told, `losses` of the context says.
 * @throws JitError as {@link call}; `ERR_REVOKE_INCOMPLETE` for an answer that cannot be read
 */
export async function makeToken(context: Context, wanted: Wanted): Promise<Token> {
  const { access, tools } = context;
  const answer = await call(context, {
    route: 'POST /app/installations/{installation_id}/access_tokens',
    parameters: {
      installation_id: wanted.installation,
      ...repositoriesOf(wanted),
      permissions: { ...wanted.permissions },
    },
    authorization: () => appAuthorization(access, tools),
    what: 'make a token',
    makes: true,
  });
  const token = tokenOf(answer, access);
  const problem = problemOf(answer, wanted, token.endsAt, tools.clock.now());
  if (problem === null) return token;
  await discard(context, token);
  throw problem;
}

export function repositoriesOf({ repositories, permissions }: Wanted): object {
  // The last look before the call: whatever is left out, GitHub takes as everything.
  if (Object.keys(permissions).length === 0) throw new JitError('ERR_INTERNAL', 'a token needs permissions');
  if (repositories === null) {
    if (Object.keys(permissions).join() === 'metadata') return {};
    throw new JitError('ERR_INTERNAL', 'a token needs repositories');
  }
  const list = 'ids' in repositories ? repositories.ids : repositories.names;
  if (list.length === 0) throw new JitError('ERR_INTERNAL', 'a token needs repositories');
  return 'ids' in repositories ? { repository_ids: [...list] } : { repositories: [...list] };
}

/** Opaque: any text that fits into a header. Formats change (`ghs_…`, since 2026 `ghs_<app>_<JWT>` of some 520 characters). */
export function tokenOf({ data }: Answer, access: Access): Token {
  const { token, expires_at } = (data ?? {}) as { token?: unknown; expires_at?: unknown };
  if (typeof token !== 'string' || !/^[\x21-\x7e]{1,16384}$/.test(token)) {
    throw undisclosed(access, `the answer of GitHub for target "${access.target}" cannot be read`);
  }
  const secret = new Secret(token);
  const endsAt = typeof expires_at === 'string' ? Date.parse(expires_at) : Number.NaN;
  return { secret, sha256: hashOf(secret), endsAt };
}

interface Told {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly repository_selection?: unknown;
  readonly repositories?: readonly { readonly id?: unknown; readonly name?: unknown }[];
}

/** Why a token cannot be handed out; null when it is what was asked for. */
function problemOf({ data }: Answer, wanted: Wanted, endsAt: Instant, now: Instant): JitError | null {
  // `!(…)` also for what is no time at all.
  if (!(endsAt > now && endsAt <= now + tokenLife + longestSkew)) {
    return new JitError(
      'ERR_CLOCK',
      'the clock of GitHub is not that of this machine: the token was deleted',
      {
        hint: 'set the clock of this machine by NTP',
      },
    );
  }
  const { permissions, repository_selection: selection, repositories } = data as Told;
  // Every token may read metadata (docs.github.com), asked for or not.
  const most = { metadata: 'read', ...wanted.permissions };
  const isMore = permissions !== undefined && !isWithin(permissions, most);
  if (!isMore && (wanted.repositories === null || isMeantBy(wanted.repositories, selection, repositories)))
    return null;
  return new JitError('ERR_TARGET_REFUSED', 'GitHub gave a token for more than was asked: it was deleted');
}

function isMeantBy(
  wanted: NonNullable<Wanted['repositories']>,
  selection: unknown,
  repositories: Told['repositories'],
): boolean {
  if (selection === 'all') return false;
  if (!Array.isArray(repositories)) return true;
  const names = 'names' in wanted ? new Set(wanted.names.map((name) => name.toLowerCase())) : null;
  const ids = 'ids' in wanted ? new Set(wanted.ids) : null;
  return repositories.every(
    ({ id, name }) => (ids?.has(id as number) ?? true) && (names?.has(String(name).toLowerCase()) ?? true),
  );
}

/** A token that is handed to nobody. @throws JitError `ERR_REVOKE_INCOMPLETE` when it cannot be deleted */
export async function discard(context: Context, token: Token): Promise<void> {
  try {
    await deleteToken(context, token.secret);
  } catch {
    throw undisclosed(context.access, 'a token that was not handed out cannot be deleted');
  }
}

/**
 * Takes a token back: only whoever shows it can (docs.github.com "Revoke an installation access token"), a person's with the
 * App's client secret besides.
 * Answers whether it was alive; already dead is success.
 * @throws JitError as {@link call}
 */
export async function deleteToken(context: Context, token: Secret): Promise<'deleted' | 'was-dead'> {
  if (context.access.user) return deleteUserToken(context, context.access.user, token);
  const { status } = await call(context, {
    route: 'DELETE /installation/token',
    authorization: () => `token ${token.reveal()}`,
    what: 'delete a token',
    expected: [401],
  });
  return status === 401 ? 'was-dead' : 'deleted';
}
