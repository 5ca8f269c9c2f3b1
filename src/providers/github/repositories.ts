// From names and patterns to the repositories of one token. Asks GitHub only when there is a pattern.

import { JitError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import { type Rights, refuseEmpty } from './access.ts';
import { type Call, call } from './call.ts';
import type { Context } from './context.ts';
import { isMeant, mostRepositories, namesOf } from './patterns.ts';
import type { SignedIn } from './sign-ins.ts';
import { discard, makeToken, type Wanted } from './token-call.ts';
import { signInProof } from './user-call.ts';

const perPage = 100;
/** Five thousand repositories in pages of a hundred take a minute; who has more names them. */
const mostPages = 200;

interface Listed {
  readonly id: number;
  readonly name: string;
}

export interface Resolved {
  readonly repositories: NonNullable<Wanted['repositories']>;
  readonly count: number;
}

/**
 * @throws JitError `ERR_TARGET_REFUSED` when nothing matches, or more than 500 do; as {@link makeToken}
 */
export async function resolveRepositories(
  context: Context,
  installation: number,
  rights: Rights,
  signedIn: SignedIn | null,
): Promise<Resolved> {
  const { repositories } = refuseEmpty(rights);
  const names = namesOf(repositories);
  if (names !== null) {
    checkCount(names.length, rights, context);
    return { repositories: { names }, count: names.length };
  }
  const seen = signedIn
    ? await listFor(context, installation, signedIn)
    : await listAll(context, installation);
  const meant = seen.filter(({ name }) => isMeant(name, repositories));
  checkCount(meant.length, rights, context);
  return { repositories: { ids: meant.map(({ id }) => id) }, count: meant.length };
}

function checkCount(count: number, { repositories }: Rights, { access }: Context): void {
  const patterns = repositories.map((names) => names.join(', ')).join('; of these: ');
  if (count === 0) {
    throw new JitError(
      'ERR_TARGET_REFUSED',
      `no repository that the App of target "${access.target}" may see matches ${patterns}`,
      { hint: 'jit doctor; the App may be installed on selected repositories only' },
    );
  }
  if (count <= mostRepositories) return;
  throw new JitError(
    'ERR_TARGET_REFUSED',
    `${count} repositories of target "${access.target}" match, a token takes ${mostRepositories}`,
    { hint: 'choose a narrower pattern' },
  );
}

/** Only a token can list them: one that sees names and nothing else, dead again before anybody could be told. */
async function listAll(context: Context, installation: number): Promise<Listed[]> {
  const token = await makeToken(context, {
    installation,
    repositories: null,
    permissions: { metadata: 'read' },
  });
  try {
    return await pages(context, { route: 'GET /installation/repositories', parameters: {} }, token.secret);
  } finally {
    await discard({ ...context, signal: AbortSignal.timeout(10_000) }, token);
  }
}

/** What the person and the App both may see. */
function listFor(context: Context, installation_id: number, { token }: SignedIn): Promise<Listed[]> {
  const route = 'GET /user/installations/{installation_id}/repositories';
  return pages(context, { route, parameters: { installation_id }, proof: signInProof(context) }, token);
}

async function pages(
  context: Context,
  asked: Pick<Call, 'route' | 'parameters' | 'proof'>,
  token: Secret,
): Promise<Listed[]> {
  const listed: Listed[] = [];
  for (let page = 1; page <= mostPages; page += 1) {
    const { data } = await call(context, {
      ...asked,
      parameters: { ...asked.parameters, per_page: perPage, page },
      authorization: () => `token ${token.reveal()}`,
      what: 'list the repositories',
    });
    const found = pageOf(data, context);
    listed.push(...found);
    if (found.length < perPage) return listed;
  }
  throw new JitError(
    'ERR_TARGET_REFUSED',
    `target "${context.access.target}" has more than ${mostPages * perPage} repositories`,
    { hint: 'name the repositories instead of using a pattern' },
  );
}

function pageOf(data: unknown, { access }: Context): Listed[] {
  const { repositories } = (data ?? {}) as { repositories?: unknown };
  const isList =
    Array.isArray(repositories) &&
    repositories.every((one) => Number.isSafeInteger(one?.id) && typeof one?.name === 'string');
  if (isList) return repositories.map(({ id, name }) => ({ id, name }));
  throw new JitError(
    'ERR_TARGET_UNREACHABLE',
    `GitHub of target "${access.target}" answers something that is no list of repositories`,
  );
}
