// Who exists in the fake account, what they may do, and every session that was ever made: the ground truth that tests
// compare jit's own record with.

import { randomBytes } from 'node:crypto';
import { type Context, evaluate, type Policy } from './policy.ts';
import { Refusal } from './xml.ts';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A role; policies become effective after the account's propagation delay. */
export interface Role {
  readonly name: string;
  readonly arn: string;
  readonly id: string;
  readonly maxSession: number;
  trust: Policy;
  readonly attached: Policy[];
  readonly inline: Map<string, { document: string; policy: Policy }>;
  /** What evaluation saw, since when: the last one that is old enough counts. */
  readonly versions: { at: number; policies: readonly Policy[] }[];
}

/** Anybody who can sign. */
export interface Identity extends Keys {
  readonly arn: string;
  readonly userid: string;
  readonly token: string | null;
  readonly expiration: number | null;
  readonly issuedAt: number;
  readonly mfa: boolean;
  /** A session of a role that was assumed by one. */
  readonly isChained: boolean;
  readonly role: Role | null;
  readonly policies: readonly Policy[];
  /** Null: none were given, so the role alone counts. */
  readonly sessionPolicies: readonly Policy[] | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly transitive: readonly string[];
  readonly sourceIdentity: string | null;
  readonly sessionName: string | null;
}

const text = (length: number): string => randomBytes(length).toString('hex').toUpperCase().slice(0, length);

export class Account {
  readonly id: string;
  readonly roles = new Map<string, Role>();
  /** By access key; sessions stay after their end, as a ledger. */
  readonly identities = new Map<string, Identity>();
  /** How long a changed policy of a role takes to count. */
  propagation = 0;
  offset = 0;
  readonly #time: () => number;

  constructor(id: string, time: () => number) {
    this.id = id;
    this.#time = time;
  }

  now(): number {
    return this.#time() + this.offset;
  }

  addUser(name: string, policies: readonly Policy[] = []): Identity {
    return this.add(
      { arn: `arn:aws:iam::${this.id}:user/${name}`, userid: `AIDA${text(16)}`, policies },
      'AKIA',
    );
  }

  addRole(name: string, trust: Policy, attached: readonly Policy[], maxSession = 3600): Role {
    const arn = `arn:aws:iam::${this.id}:role/${name}`;
    const id = `AROA${text(16)}`;
    const role: Role = {
      name,
      arn,
      id,
      maxSession,
      trust,
      attached: [...attached],
      inline: new Map(),
      versions: [],
    };
    role.versions.push({ at: Number.NEGATIVE_INFINITY, policies: role.attached });
    this.roles.set(name, role);
    return role;
  }

  /** To be called after a role's inline policies have changed. */
  settle(role: Role): void {
    const policies = [...role.attached, ...[...role.inline.values()].map((one) => one.policy)];
    role.versions.push({ at: this.now() + this.propagation, policies });
  }

  add(parts: Partial<Identity> & Pick<Identity, 'arn' | 'userid'>, prefix: string): Identity {
    const identity: Identity = {
      token: null,
      expiration: null,
      issuedAt: this.now(),
      mfa: false,
      isChained: false,
      role: null,
      policies: [],
      sessionPolicies: null,
      tags: {},
      transitive: [],
      sourceIdentity: null,
      sessionName: null,
      ...parts,
      accessKeyId: `${prefix}${text(16)}`,
      secretAccessKey: randomBytes(30).toString('base64'),
    };
    this.identities.set(identity.accessKeyId, identity);
    return identity;
  }

  /** Every session of a role that has not expired, whatever policies say to it. */
  live(): Identity[] {
    return [...this.identities.values()].filter(
      (one) => one.role !== null && one.expiration !== null && one.expiration > this.now(),
    );
  }

  /** Those of {@link live} that may still do something. */
  usable(action = 's3:GetObject', resource = 'arn:aws:s3:::bucket/key'): Identity[] {
    return this.live().filter((one) => this.verdict(one, action, resource).isAllowed);
  }

  contextOf(identity: Identity): Context {
    const tags = Object.entries(identity.tags).map(([key, value]) => [`aws:PrincipalTag/${key}`, value]);
    return {
      ...Object.fromEntries(tags),
      'aws:CurrentTime': new Date(this.now()).toISOString(),
      'aws:userid': identity.userid,
      'aws:PrincipalArn': identity.role?.arn ?? identity.arn,
      'aws:SourceIdentity': identity.sourceIdentity ?? undefined,
      'aws:TokenIssueTime': identity.token === null ? undefined : new Date(identity.issuedAt).toISOString(),
      'aws:MultiFactorAuthPresent': identity.token === null ? undefined : String(identity.mfa),
    };
  }

  /** What identity and session policies say, in AWS's order: any explicit deny first. */
  verdict(
    identity: Identity,
    action: string,
    resource: string,
    extra: Context = {},
  ): { isAllowed: boolean; why: string } {
    const context = { ...this.contextOf(identity), ...extra };
    const version = identity.role?.versions.findLast((one) => one.at <= this.now());
    const own = evaluate(version?.policies ?? identity.policies, action, resource, context);
    const session =
      identity.sessionPolicies === null
        ? 'allow'
        : evaluate(identity.sessionPolicies, action, resource, context);
    const kind =
      own === 'explicit-deny' || (session !== 'explicit-deny' && own === 'none')
        ? 'identity-based'
        : 'session';
    if (own === 'explicit-deny' || session === 'explicit-deny')
      return {
        isAllowed: false,
        why: `with an explicit deny in ${kind === 'session' ? 'a' : 'an'} ${kind} policy`,
      };
    if (own === 'allow' && session === 'allow') return { isAllowed: true, why: '' };
    return { isAllowed: false, why: `because no ${kind} policy allows the ${action} action` };
  }

  /** @throws Refusal AccessDenied, in AWS's words */
  authorise(identity: Identity, action: string, resource: string, extra: Context = {}): void {
    const { isAllowed, why } = this.verdict(identity, action, resource, extra);
    if (isAllowed) return;
    throw denied(identity, action, resource, why);
  }
}

export function denied(identity: Identity, action: string, resource: string, why: string): Refusal {
  const text = `User: ${identity.arn} is not authorized to perform: ${action} on resource: ${resource} ${why}`;
  return new Refusal(403, 'AccessDenied', text.trim());
}
