// The routes of the fake GitHub, as far as a token has to do with them.

import { type Account, type Installation, type LedgerToken, Refusal } from './state.ts';

export interface Answered {
  readonly status: number;
  readonly data: unknown;
}

const notFound = (): Refusal => new Refusal(404, 'Not Found');

/** @throws Refusal what GitHub says no to */
export function answerOf(
  account: Account,
  method: string,
  url: URL,
  authorization: string,
  body: Readonly<Record<string, unknown>>,
): Answered {
  const [scheme = '', credential = ''] = authorization.split(' ');
  const parts = url.pathname.split('/').slice(1);
  const at = (pattern: string): boolean => {
    const wanted = pattern.split(/[ /]/);
    return (
      [method, ...parts].length === wanted.length &&
      [method, ...parts].every((part, index) => wanted[index] === '*' || wanted[index] === part)
    );
  };
  const asApp = (): void => {
    if (scheme.toLowerCase() !== 'bearer') throw new Refusal(401, 'A JSON web token could not be decoded');
    account.checkJwt(credential);
  };
  const asToken = (): LedgerToken => account.opened(credential);

  if (at('GET app')) {
    asApp();
    const { appId: id, slug, permissions } = account;
    return { status: 200, data: { id, slug, name: slug, permissions } };
  }
  if (at('GET app/installations/*')) {
    asApp();
    return shown(account.installations.find(({ id }) => String(id) === parts[2]));
  }
  if (at('GET orgs/*/installation') || at('GET users/*/installation')) {
    asApp();
    const type = parts[0] === 'orgs' ? 'Organization' : null;
    const isWanted = (one: Installation) =>
      one.account.toLowerCase() === parts[1]?.toLowerCase() && (type === null || one.type === type);
    return shown(account.installations.find(isWanted));
  }
  if (at('POST app/installations/*/access_tokens')) {
    asApp();
    const installation = account.installations.find(({ id }) => String(id) === parts[2]);
    if (!installation) throw notFound();
    return { status: 201, data: tokenShown(account, account.makeToken(installation, body)) };
  }
  if (at('DELETE installation/token')) {
    account.delete(asToken());
    return { status: 204, data: null };
  }
  if (at('GET installation/repositories')) {
    return listed(account, url, asToken());
  }
  if (at('POST login/device/code')) return { status: 200, data: account.users.begin(body) };
  if (at('POST login/oauth/access_token')) return { status: 200, data: account.users.poll(body) };
  if (parts[0] === 'applications') {
    const { users } = account;
    users.checkClient(scheme, credential, parts[1]);
    if (at('POST applications/*/token')) return { status: 200, data: { user: users.known(body).login } };
    if (at('POST applications/*/token/scoped')) return { status: 200, data: users.scope(body) };
    if (at('DELETE applications/*/token')) {
      account.delete(users.known(body));
      return { status: 204, data: null };
    }
  }
  if (at('GET user')) {
    const { login } = asToken();
    if (login === undefined) throw new Refusal(403, 'Resource not accessible by integration');
    return { status: 200, data: { login } };
  }
  if (at('GET user/installations/*/repositories')) return listed(account, url, asToken());
  if (parts[0] === 'repos' && parts[3] === 'contents')
    return contents(account, method, parts, asToken(), body);
  throw notFound();
}

function listed(account: Account, url: URL, { installation, repositories }: LedgerToken): Answered {
  const seen = account.seenBy(installation, repositories);
  const size = Number(url.searchParams.get('per_page') ?? 30);
  const start = (Number(url.searchParams.get('page') ?? 1) - 1) * size;
  const page = seen
    .slice(start, start + size)
    .map(({ id, name, owner }) => ({ id, name, full_name: `${owner}/${name}` }));
  return { status: 200, data: { total_count: seen.length, repositories: page } };
}

function shown(installation: Installation | undefined): Answered {
  if (!installation) throw notFound();
  const { id, account, type, permissions, suspendedAt, repositories } = installation;
  const data = {
    id,
    account: { login: account, type },
    permissions,
    suspended_at: suspendedAt,
    repository_selection: repositories === null ? 'all' : 'selected',
  };
  return { status: 200, data };
}

function tokenShown(account: Account, made: LedgerToken): unknown {
  const { token, expiresAt, permissions, installation, repositories } = made;
  const chosen = repositories === null ? {} : { repositories: account.seenBy(installation, repositories) };
  return {
    token,
    expires_at: new Date(expiresAt).toISOString().replace('.000Z', 'Z'),
    permissions,
    repository_selection: repositories === null && installation.repositories === null ? 'all' : 'selected',
    ...chosen,
  };
}

function contents(
  account: Account,
  method: string,
  [, owner, name, , file]: string[],
  { installation, repositories, permissions }: LedgerToken,
  body: Readonly<Record<string, unknown>>,
): Answered {
  const seen = account.seenBy(installation, repositories);
  const repository = seen.find((one) => one.owner === owner && one.name === name);
  const level = permissions['contents'];
  if (!repository || level === undefined) throw notFound();
  if (method === 'GET') {
    const text = repository.files.get(file ?? '');
    if (text === undefined) throw notFound();
    return { status: 200, data: { path: file, content: Buffer.from(text).toString('base64') } };
  }
  if (level === 'read') throw new Refusal(403, 'Resource not accessible by integration');
  repository.files.set(file ?? '', Buffer.from(String(body['content']), 'base64').toString());
  return { status: 201, data: { content: { path: file } } };
}
