// What a fake GitHub knows: an App, where it is installed, repositories, and a ledger of every token it ever gave.

import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { randomId, systemRandom } from '../../../src/system/random.ts';
import { Users } from './users.ts';

export type Permissions = Readonly<Record<string, string>>;

export interface Installation {
  readonly id: number;
  readonly account: string;
  readonly type: 'Organization' | 'User';
  permissions: Permissions;
  suspendedAt: string | null;
  /** Null: all of the account's. */
  readonly repositories: Set<number> | null;
}

export interface Repository {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  readonly files: Map<string, string>;
}

/** One token as it really is. */
export interface LedgerToken {
  readonly token: string;
  readonly installation: Installation;
  /** Null: all that the installation has. */
  readonly repositories: ReadonlySet<number> | null;
  readonly permissions: Permissions;
  readonly expiresAt: number;
  deletedAt: number | null;
  /** How many more requests it opens although it was deleted. */
  linger: number;
  /** Of a person's token, whose it is. */
  readonly login?: string;
  /** What a person signed in with; others are narrowed from it. */
  readonly isBase?: boolean;
}

/** GitHub said no: a status and its message. */
export class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const ranks = ['read', 'write', 'admin'];
const encode = (text: string | Buffer): string => Buffer.from(text).toString('base64url');
const key = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const privateKey = key.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();

export class Account {
  readonly appId = 4711;
  readonly clientId = 'Iv23liTESTclient';
  readonly slug = 'jit-tester';
  publicKey: KeyObject = key.publicKey;
  permissions: Permissions = {
    metadata: 'read',
    contents: 'write',
    issues: 'write',
    administration: 'admin',
  };
  readonly installations: Installation[] = [];
  readonly repositories: Repository[] = [];
  readonly tokens: LedgerToken[] = [];
  /** `new`: `ghs_<app>_<JWT>`, some 520 characters. */
  format: 'old' | 'new' = 'new';
  /** Requests that a deleted token still opens, as where servers have to hear of it. */
  linger = 0;
  life = 3_600_000;
  readonly users: Users;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
    this.users = new Users(this, now);
  }

  install(account: string, changes: Partial<Installation> = {}): Installation {
    const installation: Installation = {
      id: 9_000 + this.installations.length,
      account,
      type: 'Organization',
      permissions: this.permissions,
      suspendedAt: null,
      repositories: null,
      ...changes,
    };
    this.installations.push(installation);
    return installation;
  }

  addRepository(owner: string, name: string): Repository {
    const files = new Map([['README.md', `# ${name}`]]);
    const repository = { id: 100_000 + this.repositories.length, owner, name, files };
    this.repositories.push(repository);
    return repository;
  }

  /** Tokens that open something now. */
  live(): LedgerToken[] {
    return this.tokens.filter((one) => one.deletedAt === null && this.#now() < one.expiresAt);
  }

  /** @throws Refusal 401 as GitHub words it */
  checkJwt(jwt: string): void {
    const [head = '', body = '', signature = ''] = jwt.split('.');
    const isSigned = verify(
      'RSA-SHA256',
      Buffer.from(`${head}.${body}`),
      this.publicKey,
      Buffer.from(signature, 'base64url'),
    );
    if (!isSigned) throw new Refusal(401, 'A JSON web token could not be decoded');
    const { alg } = JSON.parse(Buffer.from(head, 'base64url').toString());
    const { iat, exp, iss } = JSON.parse(Buffer.from(body, 'base64url').toString());
    const now = this.#now() / 1000;
    if (alg !== 'RS256') throw new Refusal(401, 'A JSON web token could not be decoded');
    if (String(iss) !== String(this.appId) && iss !== this.clientId)
      throw new Refusal(401, 'Integration not found');
    if (!Number.isInteger(iat) || iat > now) {
      throw new Refusal(
        401,
        "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
      );
    }
    if (!Number.isInteger(exp) || exp <= now) {
      throw new Refusal(
        401,
        "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
      );
    }
    if (exp > now + 600) throw new Refusal(401, "'Expiration time' claim ('exp') is too far in the future");
  }

  /** As GitHub does: what is left out means everything. @throws Refusal */
  makeToken(installation: Installation, body: Readonly<Record<string, unknown>>): LedgerToken {
    if (installation.suspendedAt) throw new Refusal(403, 'This installation has been suspended');
    const wanted = body['permissions'] as Permissions | undefined;
    this.checkPermissions(installation, wanted ?? {});
    const permissions = { metadata: 'read', ...(wanted ?? installation.permissions) };
    const token: LedgerToken = {
      token: this.#mint(),
      installation,
      repositories: this.chosen(installation, body),
      permissions,
      expiresAt: Math.ceil((this.#now() + this.life) / 1000) * 1000,
      deletedAt: null,
      linger: this.linger,
    };
    this.tokens.push(token);
    return token;
  }

  checkPermissions(installation: Installation, wanted: Permissions): void {
    for (const [name, level] of Object.entries(wanted)) {
      if (
        ranks.indexOf(level) < 0 ||
        ranks.indexOf(level) > ranks.indexOf(installation.permissions[name] ?? '')
      ) {
        throw new Refusal(422, 'The permissions requested are not granted to this installation.');
      }
    }
  }

  #mint(): string {
    const random = randomId(systemRandom, 36);
    if (this.format === 'old') return `ghs_${random}`;
    const claims = encode(JSON.stringify({ jti: random, pad: 'x'.repeat(180) }));
    return `ghs_${this.appId}_${encode('{"alg":"ES256","typ":"JWT"}')}.${claims}.${encode(systemRandom.bytes(120))}`;
  }

  chosen(installation: Installation, body: Readonly<Record<string, unknown>>): ReadonlySet<number> | null {
    const { repositories: names, repository_ids: ids } = body as {
      repositories?: string[];
      repository_ids?: number[];
    };
    if (names === undefined && ids === undefined) return null;
    if ((names ?? ids ?? []).length > 500) throw new Refusal(422, 'too many repositories');
    // What an empty list means there is [unverified]; jit may never send one, so here it means the worst.
    if ((names ?? ids ?? []).length === 0) return null;
    const seen = this.seenBy(installation, null);
    const byName = (name: string) => seen.find((one) => one.name.toLowerCase() === name.toLowerCase());
    const found = names ? names.map(byName) : (ids ?? []).map((id) => seen.find((one) => one.id === id));
    const chosen = found.flatMap((one) => (one ? [one.id] : []));
    if (chosen.length < found.length) {
      throw new Refusal(
        422,
        'There is at least one repository that does not exist or is not accessible to the parent installation.',
      );
    }
    return new Set(chosen);
  }

  /** What a token, or the installation itself, may see. */
  seenBy(installation: Installation, chosen: ReadonlySet<number> | null): Repository[] {
    return this.repositories.filter(
      ({ id, owner }) =>
        owner.toLowerCase() === installation.account.toLowerCase() &&
        (installation.repositories?.has(id) ?? true) &&
        (chosen?.has(id) ?? true),
    );
  }

  /** @throws Refusal 401 for what is no token, deleted or expired; 403 while its installation is suspended */
  opened(text: string): LedgerToken {
    const found = this.tokens.find(({ token }) => token === text);
    const isDead =
      !found || this.#now() >= found.expiresAt || (found.deletedAt !== null && found.linger-- <= 0);
    if (isDead) throw new Refusal(401, 'Bad credentials');
    if (found.installation.suspendedAt) throw new Refusal(403, 'This installation has been suspended');
    return found;
  }

  delete(token: LedgerToken): void {
    token.deletedAt ??= this.#now();
  }
}
