// The STS side of the fake: who may assume what, for how long, with which tags.

import { conditionsHold, isAbout, like, type Policy, readPolicy, type Statement } from './policy.ts';
import { type Account, denied, type Identity, type Role } from './state.ts';
import { type Element, Refusal } from './xml.ts';

/** A web identity token that the fake's provider signed, by its text. */
export interface WebIdentity {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
}

export interface StsCall {
  readonly account: Account;
  readonly caller: Identity | null;
  readonly params: URLSearchParams;
  readonly webIdentities: ReadonlyMap<string, WebIdentity>;
  readonly mfaCodes: ReadonlyMap<string, string>;
}

const invalid = (message: string): Refusal => new Refusal(400, 'ValidationError', message);

export function callSts(action: string, call: StsCall): Element {
  switch (action) {
    case 'AssumeRole':
      return assumeRole(call);
    case 'AssumeRoleWithWebIdentity':
      return assumeWithWebIdentity(call);
    case 'GetCallerIdentity':
      return identityOf(known(call), call.account);
    case 'GetSessionToken':
      return sessionToken(call);
    case 'GetAccessKeyInfo':
      call.account.authorise(known(call), 'sts:GetAccessKeyInfo', '*');
      return { Account: call.account.id };
    default:
      throw new Refusal(400, 'InvalidAction', `Could not find operation ${action}`);
  }
}

function known({ caller }: StsCall): Identity {
  if (caller) return caller;
  throw new Refusal(403, 'MissingAuthenticationToken', 'Request is missing Authentication Token');
}

// No policy can deny this call: in AWS it needs no permission.
function identityOf(caller: Identity, account: Account): Element {
  return { Arn: caller.arn, UserId: caller.userid, Account: account.id };
}

function assumeRole(call: StsCall): Element {
  const { account, params } = call;
  const caller = known(call);
  const role = roleOf(call);
  const tags = { ...readTags(params) };
  for (const key of caller.transitive) {
    if (key in tags) throw invalid(`transitive tag ${key} cannot be overridden`);
    tags[key] = caller.tags[key] ?? '';
  }
  const passed = readTags(params);
  const transitive = [...caller.transitive, ...members(params, 'TransitiveTagKeys')];
  const sourceIdentity = params.get('SourceIdentity');
  const context = {
    ...account.contextOf(caller),
    ...(provesMfa(call) ? { 'aws:MultiFactorAuthPresent': 'true' } : {}),
    ...Object.fromEntries(Object.entries(passed).map(([key, value]) => [`aws:RequestTag/${key}`, value])),
    'aws:TagKeys': Object.keys(passed),
    'sts:SourceIdentity': sourceIdentity ?? undefined,
    'sts:ExternalId': params.get('ExternalId') ?? undefined,
    'sts:RoleSessionName': params.get('RoleSessionName') ?? undefined,
  };
  const actions = ['sts:AssumeRole'];
  if (Object.keys(tags).length > 0) actions.push('sts:TagSession');
  if (sourceIdentity !== null || caller.sourceIdentity !== null) actions.push('sts:SetSourceIdentity');
  for (const action of actions) {
    if (!trusts(role, caller, action, context)) throw denied(caller, action, role.arn, '');
    const { isAllowed, why } = account.verdict(caller, action, role.arn, context);
    if (!isAllowed && (why.includes('explicit') || !namesDirectly(role, caller, action)))
      throw denied(caller, action, role.arn, why);
  }
  if (caller.sourceIdentity !== null && sourceIdentity !== null && caller.sourceIdentity !== sourceIdentity) {
    throw denied(caller, 'sts:SetSourceIdentity', role.arn, '');
  }
  const isChained = caller.role !== null;
  const parts = { tags, transitive, sourceIdentity: sourceIdentity ?? caller.sourceIdentity, mfa: false };
  return newSession(call, role, isChained, parts);
}

function assumeWithWebIdentity(call: StsCall): Element {
  const { params, webIdentities } = call;
  const token = webIdentities.get(params.get('WebIdentityToken') ?? '');
  if (!token) throw new Refusal(400, 'InvalidIdentityToken', 'The provided token is not valid');
  const role = roleOf(call);
  const host = token.issuer.replace(/^https:\/\//, '');
  const context = { [`${host}:sub`]: token.subject, [`${host}:aud`]: token.audience };
  const isTrusted = role.trust.Statement.some((one) => {
    const federated = (one.Principal as { Federated?: string } | undefined)?.Federated ?? '';
    const isIt = federated.endsWith(`:oidc-provider/${host}`);
    return (
      one.Effect === 'Allow' &&
      isIt &&
      isAbout(one, 'sts:AssumeRoleWithWebIdentity') &&
      conditionsHold(one, context)
    );
  });
  if (!isTrusted)
    throw new Refusal(403, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity');
  const made = newSession(call, role, false, { tags: {}, transitive: [], sourceIdentity: null, mfa: false });
  return { ...(made as object), SubjectFromWebIdentityToken: token.subject } as Element;
}

function sessionToken(call: StsCall): Element {
  const { account, params } = call;
  const caller = known(call);
  if (caller.token !== null)
    throw new Refusal(403, 'AccessDenied', 'Cannot call GetSessionToken with session credentials');
  const hasMfa = provesMfa(call);
  const duration = Number(params.get('DurationSeconds') ?? 43_200);
  if (!(duration >= 900 && duration <= 129_600)) throw invalid('DurationSeconds out of range');
  const { arn, userid, policies } = caller;
  const expiration = whole(account.now()) + duration * 1000;
  const token = `session-${account.identities.size}`;
  const made = account.add({ arn, userid, policies, mfa: hasMfa, expiration, token }, 'ASIA');
  return { Credentials: credentials(made) };
}

/** Whether a code came along. @throws Refusal when it is not the one that the device shows */
function provesMfa({ params, mfaCodes }: StsCall): boolean {
  const serial = params.get('SerialNumber');
  if (serial === null || mfaCodes.get(serial) === params.get('TokenCode')) return serial !== null;
  const text = 'MultiFactorAuthentication failed with invalid MFA one time pass code.';
  throw new Refusal(403, 'AccessDenied', text);
}

function roleOf({ account, params, caller }: StsCall): Role {
  const arn = params.get('RoleArn') ?? '';
  const role = [...account.roles.values()].find((one) => one.arn === arn);
  if (role) return role;
  // AWS does not tell whether a role exists.
  throw caller
    ? denied(caller, 'sts:AssumeRole', arn, '')
    : new Refusal(403, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity');
}

function principalsOf(statement: Statement): readonly string[] {
  const principal = statement.Principal as string | { AWS?: string | string[] } | undefined;
  if (typeof principal === 'string') return [principal];
  const aws = principal?.AWS ?? [];
  return Array.isArray(aws) ? aws : [aws];
}

const isNamed = (caller: Identity, principal: string): boolean =>
  principal === caller.arn || principal === caller.role?.arn;

function isTrustedPrincipal(caller: Identity, principal: string): boolean {
  const account = /:(\d{12}):/.exec(caller.arn)?.[1] ?? '';
  return (
    principal === '*' ||
    isNamed(caller, principal) ||
    principal === account ||
    like(`arn:*:iam::${account}:root`, principal) ||
    /^arn:[^:]+:iam::(\d{12}):root$/.exec(principal)?.[1] === account
  );
}

function trusts(
  role: Role,
  caller: Identity,
  action: string,
  context: Parameters<typeof conditionsHold>[1],
): boolean {
  const hits = role.trust.Statement.filter(
    (one) =>
      isAbout(one, action) &&
      principalsOf(one).some((principal) => isTrustedPrincipal(caller, principal)) &&
      conditionsHold(one, context),
  );
  return hits.length > 0 && hits.every((one) => one.Effect === 'Allow');
}

/** In one account, a trust policy that names the caller itself is enough. */
function namesDirectly(role: Role, caller: Identity, action: string): boolean {
  return role.trust.Statement.some(
    (one) =>
      one.Effect === 'Allow' &&
      isAbout(one, action) &&
      principalsOf(one).some((name) => isNamed(caller, name)),
  );
}

type Inherited = Pick<Identity, 'tags' | 'transitive' | 'sourceIdentity' | 'mfa'>;

function newSession(
  { account, params }: StsCall,
  role: Role,
  isChained: boolean,
  inherited: Inherited,
): Element {
  const name = params.get('RoleSessionName') ?? '';
  for (const [what, value] of [
    ['roleSessionName', name],
    ['sourceIdentity', inherited.sourceIdentity ?? 'ok'],
  ] as const) {
    if (!/^[\w+=,.@-]{2,64}$/.test(value)) {
      throw invalid(
        `1 validation error detected: Value '${value}' at '${what}' failed to satisfy constraint`,
      );
    }
  }
  const duration = Number(params.get('DurationSeconds') ?? 3600);
  if (!Number.isInteger(duration) || duration < 900 || duration > 43_200) {
    throw invalid(
      `1 validation error detected: Value '${duration}' at 'durationSeconds' failed to satisfy constraint`,
    );
  }
  if (isChained && duration > 3600) {
    throw invalid(
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    );
  }
  if (duration > role.maxSession) {
    throw invalid('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  }
  const sessionPolicies = readSessionPolicies(params);
  const packed = (params.get('Policy') ?? '').length + JSON.stringify(inherited.tags).length;
  const made = account.add(
    {
      ...inherited,
      arn: `arn:aws:sts::${account.id}:assumed-role/${role.name}/${name}`,
      userid: `${role.id}:${name}`,
      role,
      sessionName: name,
      isChained,
      sessionPolicies,
      expiration: whole(account.now()) + duration * 1000,
      token: `session-${account.identities.size}`,
    },
    'ASIA',
  );
  return {
    Credentials: credentials(made),
    AssumedRoleUser: { AssumedRoleId: made.userid, Arn: made.arn },
    PackedPolicySize: Math.ceil(packed / 40),
    SourceIdentity: inherited.sourceIdentity ?? undefined,
  };
}

function readSessionPolicies(params: URLSearchParams): Policy[] | null {
  const inline = params.get('Policy');
  const arns = [...params.entries()]
    .filter(([key]) => key.startsWith('PolicyArns.member.'))
    .map(([, arn]) => arn);
  if (arns.length > 10) throw new Refusal(400, 'ValidationError', 'more than 10 managed policies');
  if ((inline ?? '').length + arns.join('').length > 2048) {
    throw invalid(
      "1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048",
    );
  }
  if (inline === null && arns.length === 0) return null;
  const managed = arns.map((arn): Policy => {
    const action = managedActions[arn.split('/').at(-1) ?? ''];
    if (!action) throw new Refusal(400, 'MalformedPolicyDocument', `no such policy ${arn}`);
    return { Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }] };
  });
  if (inline === null) return managed;
  const policy = readPolicy(inline);
  if (!policy)
    throw new Refusal(400, 'MalformedPolicyDocument', 'The policy is not in the valid JSON format.');
  return [policy, ...managed];
}

/** The managed policies that the fake knows, by the end of their ARN. */
const managedActions: Readonly<Record<string, readonly string[]>> = {
  ReadOnlyAccess: ['s3:Get*', 's3:List*', 'ec2:Describe*'],
  AmazonS3ReadOnlyAccess: ['s3:Get*', 's3:List*'],
  AdministratorAccess: ['*'],
};

const whole = (time: number): number => Math.floor(time / 1000) * 1000;

function credentials(made: Identity): Element {
  return {
    AccessKeyId: made.accessKeyId,
    SecretAccessKey: made.secretAccessKey,
    SessionToken: made.token ?? undefined,
    Expiration: new Date(made.expiration ?? 0).toISOString().replace('.000Z', 'Z'),
  };
}

function members(params: URLSearchParams, name: string): string[] {
  return [...params.entries()].filter(([key]) => key.startsWith(`${name}.member.`)).map(([, value]) => value);
}

function readTags(params: URLSearchParams): Record<string, string> {
  const tags: Record<string, string> = {};
  for (let index = 1; index <= 51; index += 1) {
    const key = params.get(`Tags.member.${index}.Key`);
    if (key === null) break;
    const value = params.get(`Tags.member.${index}.Value`) ?? '';
    const characters = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
    if (index > 50 || key.length > 128 || value.length > 256 || !characters.test(key + value)) {
      throw invalid(`tag ${index} is not allowed`);
    }
    tags[key] = value;
  }
  return tags;
}
