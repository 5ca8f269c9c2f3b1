// The shape of jit.yaml, built from the provider kinds that are registered. One value at a time; what values
// mean together is cross.ts. Every message of a check says what was expected, never what was found.

import * as v from 'valibot';
import { longestDuration, parseDuration } from '../core/duration.ts';
import { isSecretReference, secretReferenceForms, secretReferencePattern } from '../core/secret-reference.ts';
import type { OnEnd } from '../core/shell-terms.ts';
import type { Risk } from '../core/target.ts';
import { type AlertsValue, alertsSchema } from './alerts-schema.ts';
import { type AnomaliesValue, anomaliesSchema } from './anomalies-schema.ts';
import { type IssuerValue, issuerSchema } from './issuers-schema.ts';
import { isMember, isWho, namePattern, rolePattern } from './names.ts';
import { patternProblem } from './pattern.ts';
import { onEndSchema, type ShellValue, shellSchema } from './shell-schema.ts';
import { type StoreValue, storeSchema } from './store-schema.ts';

/** What the policy has to know of a provider: its name and the keys it adds. `ProviderKind` is one. */
export interface KindSchema {
  readonly kind: string;
  readonly schema: {
    readonly target: v.ObjectEntries;
    readonly role: v.ObjectEntries;
    readonly scope: v.ObjectEntries;
  };
}

function isDuration(text: string): boolean {
  try {
    return parseDuration(text) <= longestDuration;
  } catch {
    return false;
  }
}

function isTimezone(text: string): boolean {
  try {
    return (
      text === 'UTC' || (/^[A-Za-z]/.test(text) && new Intl.DateTimeFormat('en', { timeZone: text }) !== null)
    );
  } catch {
    return false;
  }
}

const described = <Schema extends v.GenericSchema>(schema: Schema, text: string) =>
  v.pipe(schema, v.description(text));

const name = v.pipe(
  v.string(),
  v.regex(
    namePattern,
    'expected a name: a small letter, then up to 39 small letters, digits, dots, dashes or underscores',
  ),
);
const line = v.pipe(v.string(), v.maxLength(300, 'expected at most 300 characters'));
const duration = v.pipe(
  v.string(),
  v.check(isDuration, 'expected a duration such as 30m, 1h30m, 90s, 2d or PT1H30M'),
  v.description('a duration such as 30m, 1h30m, 90s, 2d or PT1H30M'),
  v.transform(parseDuration),
);
const pattern = v.pipe(
  v.string(),
  v.check(
    (text) => patternProblem(text) === null,
    (issue) => patternProblem(issue.input) ?? '',
  ),
  v.description('a regular expression of JavaScript'),
);
const member = v.pipe(
  v.string(),
  v.check(isMember, 'expected user:<name>, job:<name>, agent:<name> or group:<name>'),
);
const who = v.pipe(
  v.string(),
  v.check(isWho, 'expected everyone, user:<name>, job:<name>, agent:<name> or group:<name>'),
);
const approver = v.pipe(
  v.string(),
  v.check((text) => isMember(text) && /^(user|group):/.test(text), 'expected user:<name> or group:<name>'),
);
const rolePath = v.pipe(
  v.string(),
  v.regex(rolePattern, 'expected <target>:<role>, where * stands for any run of characters'),
);

function listOf<Item extends v.GenericSchema>(item: Item) {
  return v.pipe(v.array(item), v.minLength(1, 'expected a list of at least one'));
}

/**
 * A schema for a text that says where a secret is kept. The message of its error never holds the text.
 * Providers, which may not import the policy, wrap `isSecretReference` of core the same way.
 */
export function secretReference() {
  return v.pipe(
    v.string(`expected ${secretReferenceForms}`),
    v.check(isSecretReference, `expected ${secretReferenceForms}`),
    v.metadata({ pattern: secretReferencePattern.source }),
  );
}

/** An entitlement as it is written; durations already in milliseconds. */
export const entitlementSchema = v.strictObject({
  name,
  who: described(listOf(who), 'who may ask: everyone, principals, groups'),
  roles: described(listOf(rolePath), 'for which roles: <target>:<role>, * allowed'),
  scopes: v.optional(described(listOf(name), 'scopes that may be asked for; when set, one must be named')),
  max_duration: duration,
  default_duration: v.optional(duration),
  reason: v.optional(
    v.strictObject({
      required: v.optional(v.boolean(), false),
      pattern: v.optional(pattern),
      ticket: v.optional(pattern),
      presets: v.optional(
        described(v.pipe(v.array(line), v.maxLength(20, 'expected at most 20')), 'reasons to choose from'),
        [],
      ),
    }),
  ),
  when: v.optional(
    described(
      v.pipe(
        v.string(),
        v.nonEmpty('expected a Cedar expression'),
        v.maxLength(2000, 'expected at most 2000 characters'),
      ),
      'a Cedar expression over context, principal and resource',
    ),
  ),
  timezone: v.optional(
    v.pipe(
      v.string(),
      v.check(isTimezone, 'expected an IANA time zone such as Europe/Vienna'),
      v.description('IANA time zone in which context.hour and context.weekday are told'),
    ),
    'UTC',
  ),
  approvals: v.optional(
    v.strictObject({
      count: v.pipe(
        v.number(),
        v.integer('expected a whole number'),
        v.minValue(1, 'expected at least 1'),
        v.maxValue(10, 'expected at most 10'),
      ),
      from: listOf(approver),
    }),
  ),
  on_restart: v.optional(v.picklist(['revoke', 'resume']), 'revoke'),
  anchor: v.optional(
    described(
      v.picklist(['none', 'before-issue']),
      'before-issue: the shared store has to acknowledge the intent before anything is issued',
    ),
    'none',
  ),
  record: v.optional(
    v.strictObject({
      argv: v.optional(
        described(
          v.boolean(),
          'the log tells the words of commands that are run under a grant, less secrets',
        ),
        false,
      ),
    }),
  ),
});

function targetSchema({ kind, schema }: KindSchema) {
  const scope = v.strictObject({ ...schema.scope, description: v.optional(line) });
  const role = v.strictObject({
    ...schema.role,
    description: v.optional(line),
    scopes: v.optional(v.record(name, scope), {}),
  });
  return v.strictObject({
    ...schema.target,
    provider: v.literal(kind),
    description: v.optional(line),
    risk: v.optional(v.picklist(['low', 'medium', 'high']), 'medium'),
    max_duration: v.optional(duration),
    on_end: v.optional(described(onEndSchema, 'the mildest end of a shell with access to it'), 'lock'),
    roles: v.pipe(
      v.record(name, role),
      v.check((roles) => Object.keys(roles).length > 0, 'expected at least one role'),
    ),
  });
}

/**
 * The schema of a whole jit.yaml.
 * @param kinds at least one.
 */
export function configSchema(kinds: readonly KindSchema[]) {
  const options = kinds.map(targetSchema);
  return v.strictObject({
    $schema: v.optional(v.string()),
    version: v.literal(1),
    targets: v.record(name, v.variant('provider', options)),
    groups: v.optional(v.record(name, v.array(member)), {}),
    issuers: v.optional(
      described(
        v.record(name, issuerSchema(name, duration)),
        'who vouches for CI jobs, and which jobs of theirs there are',
      ),
      {},
    ),
    shell: v.optional(shellSchema(duration)),
    anomalies: v.optional(anomaliesSchema(duration)),
    alerts: v.optional(alertsSchema),
    store: v.optional(storeSchema(duration, secretReference())),
    entitlements: v.array(entitlementSchema),
    policies: v.optional(
      described(
        v.array(
          v.pipe(
            v.string(),
            v.regex(
              /^(?!.*\.\.)[A-Za-z0-9_-][A-Za-z0-9._/-]{0,200}\.cedar$/,
              'expected the path of a .cedar file in the folder of the config, or below it',
            ),
          ),
        ),
        'files of Cedar policies, relative to this file; forbid always wins',
      ),
      [],
    ),
  });
}

/** An entitlement once the schema has passed it. */
export type EntitlementValue = v.InferOutput<typeof entitlementSchema>;

/** A target once the schema has passed it; further keys are the provider's own. */
export interface TargetValue {
  readonly provider: string;
  readonly description?: string;
  readonly risk: Risk;
  readonly max_duration?: number;
  readonly on_end: OnEnd;
  readonly roles: Readonly<Record<string, RoleValue>>;
  readonly [option: string]: unknown;
}

/** A role once the schema has passed it. */
export interface RoleValue {
  readonly description?: string;
  readonly scopes: Readonly<
    Record<string, { readonly description?: string; readonly [option: string]: unknown }>
  >;
  readonly [option: string]: unknown;
}

/** What {@link configSchema} answers. */
export interface ConfigValue {
  readonly targets: Readonly<Record<string, TargetValue>>;
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly issuers: Readonly<Record<string, IssuerValue>>;
  readonly shell?: ShellValue;
  readonly anomalies?: AnomaliesValue;
  readonly alerts?: AlertsValue;
  readonly store?: StoreValue;
  readonly entitlements: readonly EntitlementValue[];
  readonly policies: readonly string[];
}
