// What a GitHub target looks like in jit.yaml. Owns keys, defaults and what values mean together.
// Must not: contact anything, load the client.

import * as v from 'valibot';
import {
  isSecretReference,
  secretReferenceForms,
  secretReferencePattern,
} from '../../core/secret-reference.ts';
import type { TargetConfig } from '../../core/target.ts';
import { isPattern, matches, mostRepositories } from './patterns.ts';
import { isWithin, type Level, type Permissions } from './permissions.ts';

const described = <Schema extends v.GenericSchema>(schema: Schema, text: string) =>
  v.pipe(schema, v.description(text));
const secretReference = v.pipe(
  v.string(`expected ${secretReferenceForms}`),
  v.check(isSecretReference, `expected ${secretReferenceForms}`),
  v.metadata({ pattern: secretReferencePattern.source }),
);
// In plain text only on this machine: tokens travel on it.
const url = v.pipe(
  v.string(),
  v.regex(
    /^(https:\/\/[A-Za-z0-9.-]+(:\d{1,5})?|http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?)(\/[\w./-]*)?$/,
    'expected https://host, or http:// on a loopback address',
  ),
);
const id = v.pipe(
  v.number(),
  v.safeInteger('expected a whole number'),
  v.minValue(1, 'expected a number of 1 or more'),
);
const appId = v.union([
  id,
  v.pipe(v.string(), v.regex(/^([1-9]\d{0,18}|Iv[\w.-]{1,100})$/, 'expected the App ID or client ID')),
]);
// docs.github.com: letters, digits, `-`, `_` and `.`; `*` and `?` stand for any of them.
const repository = v.pipe(
  v.string(),
  v.regex(
    /^[\w.*?-]{1,100}$/,
    'expected the name of a repository without its owner, or a pattern such as web-*',
  ),
);
const repositories = v.pipe(
  v.array(repository),
  v.minLength(1, 'expected at least one repository: an empty list would mean all'),
  v.maxLength(mostRepositories, `expected at most ${mostRepositories} repositories`),
);
const permissions = v.pipe(
  v.record(
    v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]{1,63}$/, 'expected a permission such as contents')),
    v.picklist(['read', 'write', 'admin'], 'expected read, write or admin'),
  ),
  v.minEntries(1, 'expected at least one permission: an empty list would mean all that the App has'),
);

const target = {
  app_id: described(appId, "the GitHub App's ID or client ID"),
  private_key: described(secretReference, "where the App's private key is kept, as PEM"),
  owner: described(
    v.pipe(
      v.string(),
      v.regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, 'expected the name of an organisation or user'),
    ),
    'organisation or user whose repositories the App is installed on',
  ),
  installation_id: v.optional(described(id, 'the installation, when it is not to be found by its owner')),
  base_url: v.optional(
    described(url, 'API of a GitHub Enterprise Server, e.g. https://ghe.example.com/api/v3'),
    'https://api.github.com',
  ),
  git_url: v.optional(described(url, 'where git itself is served, when base_url does not tell')),
  act_as: v.optional(
    described(
      v.picklist(['app', 'user'], 'expected app or user'),
      'user: tokens of the person, who signs in at GitHub with a code; needs client_id and client_secret',
    ),
    'app',
  ),
  client_id: v.optional(
    described(
      v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, "expected the App's client ID")),
      "the App's client ID; with act_as: user",
    ),
  ),
  client_secret: v.optional(
    described(secretReference, "where the App's client secret is kept; with act_as: user"),
  ),
  export: v.optional(
    described(
      v.literal('env'),
      'env: GH_TOKEN and GITHUB_TOKEN are always set, for clients that cannot ask a helper (gh)',
    ),
  ),
};

const role = {
  repositories: described(repositories, 'names or patterns (web-*), relative to the owner'),
  permissions: described(permissions, "permissions by GitHub's own names, each read, write or admin"),
};

const scope = {
  repositories: v.optional(described(repositories, "which of the role's repositories remain")),
  permissions: v.optional(described(permissions, "which of the role's permissions remain")),
};

/** Valibot entries that a target, its roles and their scopes get. No transforms: parsing twice is harmless. */
export const githubSchema = { target, role, scope };

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

/** What the values of a target mean together: sentences, empty when all is well. */
export function validateGithub(config: TargetConfig): string[] {
  const problems: string[] = [];
  const parsed = v.safeParse(targetObject(), config.options);
  if (parsed.success && !/^https:\/\/api\./.test(parsed.output.base_url)) {
    const { base_url } = parsed.output;
    if (base_url === 'https://github.com') {
      problems.push('base_url is the API, not the web site: leave it out for github.com');
    }
  }
  if (parsed.success) problems.push(...actingProblems(parsed.output));
  for (const item of config.roles.values()) {
    const given = v.safeParse(roleObject(), item.options);
    if (!given.success) continue;
    for (const one of item.scopes.values()) {
      const narrowed = v.safeParse(scopeObject(), one.options);
      if (!narrowed.success) continue;
      const where = `scope "${one.name}" of role "${item.name}"`;
      problems.push(...scopeProblems(where, given.output, narrowed.output));
    }
  }
  return problems;
}

/** Without the secret a person's token can be neither narrowed nor taken back (docs.github.com "REST API endpoints for OAuth authorizations"). */
function actingProblems({ act_as, client_id, client_secret }: TargetOptions): string[] {
  const given = { client_id, client_secret };
  return Object.entries(given).flatMap(([name, value]) => {
    if ((act_as === 'user') === (value !== undefined)) return [];
    if (act_as !== 'user') return [`${name} means nothing without act_as: user`];
    return [`act_as: user needs ${name}: without it tokens can be neither narrowed nor taken back`];
  });
}

function scopeProblems(where: string, role: RoleOptions, scope: ScopeOptions): string[] {
  if (scope.repositories === undefined && scope.permissions === undefined) {
    return [`${where} has neither repositories nor permissions, so it narrows nothing`];
  }
  const problems: string[] = [];
  for (const [name, level] of Object.entries(scope.permissions ?? {}) as [string, Level][]) {
    if (isWithin({ [name]: level }, role.permissions as Permissions)) continue;
    problems.push(`${where} would widen it: the role has no "${name}: ${level}"`);
  }
  for (const name of scope.repositories ?? []) {
    // What a pattern and a pattern have in common is known when repositories are; the broker takes both then.
    if (isPattern(name) || role.repositories.some((one) => matches(one, name))) continue;
    problems.push(`${where} would widen it: the role has no repository "${name}"`);
  }
  return problems;
}
