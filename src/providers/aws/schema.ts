// What an AWS target looks like in jit.yaml. Owns keys, defaults and what values mean together.
// Must not: contact anything, load the SDK.

import * as v from 'valibot';
import { parseDuration } from '../../core/duration.ts';
import {
  isSecretReference,
  secretReferenceForms,
  secretReferencePattern,
} from '../../core/secret-reference.ts';
import type { TargetConfig } from '../../core/target.ts';
import { sessionPolicyProblems } from './policy-limits.ts';

const described = <Schema extends v.GenericSchema>(schema: Schema, text: string) =>
  v.pipe(schema, v.description(text));
const arn = (what: string, pattern: RegExp) =>
  v.pipe(v.string(), v.regex(pattern, `expected the ARN of ${what}`));
const roleArn = arn(
  'a role, e.g. arn:aws:iam::123456789012:role/name',
  /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,576}$/,
);
const policyArn = arn('a managed policy', /^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/[\w+=,.@/-]{1,576}$/);
const secretReference = v.pipe(
  v.string(`expected ${secretReferenceForms}`),
  v.check(isSecretReference, `expected ${secretReferenceForms}`),
  v.metadata({ pattern: secretReferencePattern.source }),
);
const line = v.pipe(
  v.string(),
  v.regex(/^[^\p{Cc}]{1,255}$/u, 'expected 1 to 255 characters, none of them a control character'),
);
// In plain text only on this machine: what is signed can be read, and a session comes back.
const url = v.pipe(
  v.string(),
  v.regex(
    /^(https:\/\/[A-Za-z0-9.-]+(:\d{1,5})?|http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?)\/?$/,
    'expected https://host, or http:// on a loopback address',
  ),
);
const isDuration = (text: string): boolean => {
  try {
    const length = parseDuration(text);
    return length >= 900_000 && length <= 43_200_000;
  } catch {
    return false;
  }
};
const sessionLength = v.pipe(v.string(), v.check(isDuration, 'expected a duration from 15m to 12h'));
const texts = v.union([v.string(), v.array(v.string())]);
// IAM's own spelling, so that statements can be copied from a policy.
const statement = v.strictObject({
  Sid: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9]*$/, 'expected letters and digits'))),
  Effect: v.picklist(['Allow', 'Deny']),
  Action: v.optional(texts),
  NotAction: v.optional(texts),
  Resource: v.optional(texts),
  NotResource: v.optional(texts),
  Condition: v.optional(v.record(v.string(), v.record(v.string(), texts))),
});
const statements = v.pipe(v.array(statement), v.minLength(1, 'expected at least one statement'));
const policies = v.pipe(
  v.array(policyArn),
  v.minLength(1, 'expected at least one policy'),
  v.maxLength(10, 'expected at most 10 policies'),
);
const tagText = (least: number, most: number) =>
  v.pipe(
    v.string(),
    v.regex(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u, 'expected letters, digits, blanks and _ . : / = + - @'),
    v.minLength(least, `expected at least ${least} characters`),
    v.maxLength(most, `expected at most ${most} characters`),
  );

const target = {
  region: described(
    v.pipe(v.string(), v.regex(/^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/, 'expected a region such as eu-west-1')),
    'region whose STS is asked, and that the child gets',
  ),
  credentials: v.optional(
    described(
      v.union([v.literal('default'), secretReference]),
      "the broker's own credentials: default (the SDK's chain, without the environment) or where an access key is kept, as JSON {AccessKeyId, SecretAccessKey}",
    ),
    'default',
  ),
  profile: v.optional(
    described(line, 'profile of ~/.aws/config, e.g. of IAM Identity Center; instead of credentials'),
  ),
  web_identity: v.optional(
    v.strictObject({
      token_file: described(
        v.pipe(v.string(), v.regex(/^\/[^\p{Cc}]{1,1000}$/u, 'expected an absolute path')),
        'file with an OIDC token, read anew for every call',
      ),
      role_arn: v.optional(
        described(roleArn, 'role to begin with; without it each role is assumed directly'),
      ),
    }),
  ),
  mfa_serial: v.optional(
    described(
      v.pipe(v.string(), v.regex(/^[\w+=/:,.@-]{9,256}$/, 'expected the ARN or serial of an MFA device')),
      'MFA device of the access key; its code is asked once per broker',
    ),
  ),
  mfa_process: v.optional(
    described(
      v.pipe(secretReference, v.regex(/^command:/, 'expected command:<program and arguments>')),
      'program that prints the code, so that nobody is asked',
    ),
  ),
  endpoints: v.optional(
    described(
      v.strictObject({ sts: v.optional(url), iam: v.optional(url), signin: v.optional(url) }),
      'other endpoints than those of AWS: private ones, or servers for tests',
    ),
  ),
};

const role = {
  role_arn: described(roleArn, 'IAM role that is assumed; one per entitlement, for jit alone'),
  chain: v.optional(
    described(
      v.array(roleArn),
      'roles that are assumed first, in this order; AWS then caps a session at an hour',
    ),
    [],
  ),
  external_id: v.optional(v.pipe(v.string(), v.regex(/^[\w+=,.@:/-]{2,1224}$/, 'expected an external id'))),
  max_session: v.optional(
    described(sessionLength, "longest single session; not more than the role's MaxSessionDuration"),
    '1h',
  ),
  statements: v.optional(described(statements, 'session policy of a grant without scope')),
  managed_policies: v.optional(described(policies, 'managed session policies of a grant without scope')),
  session_tags: v.optional(
    described(v.boolean(), 'tags sessions with jit:lease, jit:reason (SHA-256) and jit:ticket'),
    true,
  ),
  transitive_tags: v.optional(
    described(v.boolean(), 'the tags also hold for roles assumed from the session'),
    false,
  ),
  tags: v.optional(described(v.record(tagText(1, 128), tagText(0, 256)), 'further session tags'), {}),
  source_identity: v.optional(described(v.boolean(), 'sets SourceIdentity to the principal'), true),
  revoke: v.optional(
    described(
      v.picklist(['deny-session', 'none']),
      'deny-session: the broker may add a Deny for one session to the role; none: sessions end by themselves',
    ),
    'none',
  ),
  revoke_role: v.optional(
    described(roleArn, "role that may change the role's policies, when the broker's own may not"),
  ),
};

const scope = {
  statements: v.optional(described(statements, 'session policy: what remains of the role')),
  managed_policies: v.optional(described(policies, 'managed session policies: what remains of the role')),
};

/** Valibot entries that a target, its roles and their scopes get. No transforms: parsing twice is harmless. */
export const awsSchema = { target, role, scope };

const targetObject = () => v.object(target);
const roleObject = () => v.object(role);
const scopeObject = () => v.object(scope);

export type TargetOptions = v.InferOutput<ReturnType<typeof targetObject>>;
export type RoleOptions = v.InferOutput<ReturnType<typeof roleObject>>;
export type ScopeOptions = v.InferOutput<ReturnType<typeof scopeObject>>;

/** The options of a target, typed. @throws ValiError when the config was not checked before. */
export const targetOptions = (config: TargetConfig): TargetOptions => v.parse(targetObject(), config.options);
export const roleOptions = (options: unknown): RoleOptions => v.parse(roleObject(), options);
export const scopeOptions = (options: unknown): ScopeOptions => v.parse(scopeObject(), options);

/** The partition that a region belongs to. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  const isolated = /^[a-z]{2}-iso([a-z]?)-/.exec(region);
  if (isolated) return isolated[1] ? `aws-iso-${isolated[1]}` : 'aws-iso';
  return region.startsWith('eusc-') ? 'aws-eusc' : 'aws';
}

/** What the values of a target mean together: sentences, empty when all is well. */
export function validateAws(config: TargetConfig): string[] {
  const parsed = v.safeParse(targetObject(), config.options);
  if (!parsed.success) return [];
  const options = parsed.output;
  const problems: string[] = [];
  const sources = [options.credentials !== 'default', options.profile, options.web_identity].filter(Boolean);
  if (sources.length > 1) problems.push('only one of credentials, profile and web_identity can be used');
  if (options.mfa_serial !== undefined && options.credentials === 'default') {
    problems.push('mfa_serial needs credentials: the access key that the device belongs to');
  }
  if (options.mfa_process !== undefined && options.mfa_serial === undefined) {
    problems.push('mfa_process has no effect without mfa_serial');
  }
  for (const item of config.roles.values()) {
    const role = v.safeParse(roleObject(), item.options);
    if (!role.success) continue;
    const scopes = [...item.scopes.values()].flatMap((one) => {
      const scope = v.safeParse(scopeObject(), one.options);
      return scope.success ? [{ name: one.name, ...scope.output }] : [];
    });
    problems.push(
      ...roleProblems(item.name, role.output, options, scopes),
      ...scopeProblems(item.name, role.output, scopes),
    );
  }
  return problems;
}

/** What of a target can be written but has no effect on AWS: sentences, empty when there is none. */
export function doubtAws(config: TargetConfig): string[] {
  return [...config.roles.values()].flatMap((item) => {
    const role = v.safeParse(roleObject(), item.options);
    if (!role.success) return [];
    const { revoke, revoke_role, role_arn } = role.output;
    const isReserved = /:role\/(.*\/)?AWSReservedSSO_[^/]*$/.test(role_arn);
    return [
      ...(revoke === 'deny-session' && isReserved
        ? [
            `role "${item.name}": revoke: deny-session cannot work, because nobody may change a role of IAM Identity Center`,
          ]
        : []),
      ...(revoke !== 'deny-session' && revoke_role !== undefined
        ? [`role "${item.name}": revoke_role has no effect without revoke: deny-session`]
        : []),
    ];
  });
}

function roleProblems(
  name: string,
  role: RoleOptions,
  target: TargetOptions,
  scopes: readonly ScopeOptions[],
): string[] {
  const problems: string[] = [];
  const partition = partitionOf(target.region);
  const policies = [role, ...scopes].flatMap(({ managed_policies = [] }) => managed_policies);
  for (const one of [
    role.role_arn,
    ...role.chain,
    ...(role.revoke_role ? [role.revoke_role] : []),
    ...policies,
  ]) {
    const own = one.split(':')[1];
    if (own !== partition)
      problems.push(`role "${name}": "${one}" is not in partition ${partition} of region "${target.region}"`);
  }
  const isDirect = target.web_identity !== undefined && target.web_identity.role_arn === undefined;
  if (isDirect && role.chain.length > 0)
    problems.push(`role "${name}": a chain needs web_identity.role_arn to begin with`);
  if (role.chain.length > 0 && parseDuration(role.max_session) > 3_600_000) {
    problems.push(
      `role "${name}": AWS ends sessions of chained roles after an hour; max_session cannot be more`,
    );
  }
  if (Object.keys(role.tags).some((key) => /^(jit|aws):/i.test(key))) {
    problems.push(`role "${name}": tags cannot begin with jit: or aws:`);
  }
  if (Object.keys(role.tags).length > 40) problems.push(`role "${name}" has more than 40 tags`);
  return problems;
}

function scopeProblems(
  role: string,
  options: RoleOptions,
  scopes: readonly (ScopeOptions & { name: string })[],
): string[] {
  const problems = sessionPolicyProblems(`role "${role}"`, options);
  const has = (one: ScopeOptions): boolean =>
    one.statements !== undefined || one.managed_policies !== undefined;
  for (const scope of scopes) {
    const where = `scope "${scope.name}" of role "${role}"`;
    if (!has(scope))
      problems.push(`${where} has neither statements nor managed_policies, so it narrows nothing`);
    problems.push(...sessionPolicyProblems(where, scope));
  }
  if (has(options) && scopes.length > 0) {
    // Session policies do not narrow one another: what a scope allows would replace what the role says.
    problems.push(
      `role "${role}" has a session policy and scopes: put the policy of the role into its IAM role`,
    );
  }
  return problems;
}
