// Config text -> checked values. Owns the order of the checks; pure but for the files it is given to read.
// Loads no Cedar: what depends on it (`when`, .cedar files) is checked by createPolicy.

import { createHash } from 'node:crypto';
import path from 'node:path';
import type { RoleConfig, ScopeConfig, TargetConfig } from '../core/target.ts';
import { alertChannelsOf } from './alerts-schema.ts';
import { anomalySettingsOf } from './anomalies-schema.ts';
import type { Config, Entitlement } from './config.ts';
import { checkTogether } from './cross.ts';
import { issuerOf } from './issuers.ts';
import { configError, type Problem } from './problem.ts';
import type { ConfigValue, EntitlementValue, KindSchema, RoleValue, TargetValue } from './schema.ts';
import { checkShape } from './shape.ts';
import { shellTermsOf } from './shell-schema.ts';
import { storeSettingsOf } from './store-schema.ts';
import { configWarnings } from './warnings.ts';
import { readYaml, type Source } from './yaml.ts';

/** A kind as the loader needs it; `ProviderKind` is one. */
export interface LoadKind extends KindSchema {
  validate?(target: TargetConfig): string[];
  doubt?(target: TargetConfig): string[];
}

/** What {@link loadConfig} reads. */
export interface LoadInput {
  /** As it is told in messages; .cedar files are relative to its folder. */
  readonly path: string;
  /** Bytes are preferred: they are checked to be UTF-8, and digested as they are. */
  readonly text: string | Uint8Array;
  readonly kinds: readonly LoadKind[];
  /** Reads a file named by `policies`. */
  readFile(path: string): string | Uint8Array;
  /** Why `readFile` threw that, for people; null where it is nothing that they can be told. */
  whyUnread?(thrown: unknown): string | null;
}

/** A config that came from a file: it knows where everything stands, and what is odd about it. */
export interface LoadedConfig extends Config {
  readonly source: Source;
  readonly warnings: readonly string[];
}

const usualDuration = 30 * 60_000;

function pick(value: Readonly<Record<string, unknown>>, keys: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => Object.hasOwn(keys, key)));
}

function roleOf(name: string, value: RoleValue, { schema }: KindSchema): RoleConfig {
  const scopes = Object.entries(value.scopes).map(([scope, one]): [string, ScopeConfig] => [
    scope,
    { name: scope, description: one.description ?? null, options: pick(one, schema.scope) },
  ]);
  return {
    name,
    description: value.description ?? null,
    options: pick(value, schema.role),
    scopes: new Map(scopes),
  };
}

function targetOf(name: string, value: TargetValue, kind: KindSchema): TargetConfig {
  const roles = Object.entries(value.roles).map(([role, one]): [string, RoleConfig] => [
    role,
    roleOf(role, one, kind),
  ]);
  return {
    name,
    provider: value.provider,
    description: value.description ?? null,
    risk: value.risk,
    maxDuration: value.max_duration ?? null,
    onEnd: value.on_end,
    options: pick(value, kind.schema.target),
    roles: new Map(roles),
  };
}

function entitlementOf(value: EntitlementValue): Entitlement {
  return {
    name: value.name,
    who: value.who,
    roles: value.roles,
    scopes: value.scopes ?? null,
    maxDuration: value.max_duration,
    defaultDuration: value.default_duration ?? Math.min(usualDuration, value.max_duration),
    reason: {
      required: value.reason?.required ?? false,
      pattern: value.reason?.pattern ?? null,
      ticket: value.reason?.ticket ?? null,
      presets: value.reason?.presets ?? [],
    },
    approvals: value.approvals ?? null,
    when: value.when ?? null,
    timezone: value.timezone,
    onRestart: value.on_restart,
    anchor: value.anchor,
    recordArgv: value.record?.argv ?? false,
  };
}

function readCedarFiles(input: LoadInput, value: ConfigValue, source: Source, problems: Problem[]) {
  return value.policies.flatMap((name, index) => {
    const problem = (why: string) =>
      problems.push({ path: input.path, ...source.at(['policies', index]), message: `"${name}" ${why}` });
    try {
      const read = input.readFile(path.join(path.dirname(input.path), name));
      if (read.length > 1024 * 1024) problem('is larger than 1 MiB');
      const text = typeof read === 'string' ? read : new TextDecoder('utf-8', { fatal: true }).decode(read);
      return [{ path: name, text }];
    } catch (thrown) {
      const why = input.whyUnread?.(thrown) ?? null;
      problem(`cannot be read${why === null ? '' : `: ${why}`}`);
      return [];
    }
  });
}

/** Every part is preceded by its length, so that no two sets of files have the same bytes. */
function digestOf(text: string | Uint8Array, files: readonly { path: string; text: string }[]): string {
  const hash = createHash('sha256');
  for (const part of [text, ...files.flatMap((file) => [file.path, file.text])]) {
    const bytes = Buffer.from(part as string);
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.digest('hex');
}

/**
 * Reads and checks a configuration.
 * @throws JitError `ERR_CONFIG` with every problem of the file, one line each: file, line, column, what was
 * expected, what was found (never where it may be a secret), the nearest valid name.
 */
export function loadConfig(input: LoadInput): LoadedConfig {
  const file = readYaml(input.path, input.text);
  const problems = [...file.problems];
  if (file.value === undefined) throw configError(input.path, problems);

  const shape = checkShape(file.value, input.kinds, file.source);
  if (!shape.ok) problems.push(...shape.problems);
  checkTogether(file.value, (way, message) => {
    problems.push({ path: input.path, ...file.source.at(way), message });
  });
  if (!shape.ok) throw configError(input.path, problems);

  const targets = new Map<string, TargetConfig>();
  for (const [name, value] of Object.entries(shape.value.targets)) {
    const kind = input.kinds.find((one) => one.kind === value.provider);
    if (!kind) continue;
    const target = targetOf(name, value, kind);
    targets.set(name, target);
    for (const message of kind.validate?.(target) ?? []) {
      problems.push({
        path: input.path,
        ...file.source.atKey(['targets', name]),
        message: `target "${name}": ${message}`,
      });
    }
  }
  const doubts = [...targets.values()].flatMap((target) => {
    const kind = input.kinds.find((one) => one.kind === target.provider);
    return (kind?.doubt?.(target) ?? []).map((message) => `target "${target.name}": ${message}`);
  });
  const cedarFiles = readCedarFiles(input, shape.value, file.source, problems);
  if (problems.length > 0) throw configError(input.path, problems);

  const config: Config = {
    path: input.path,
    targets,
    groups: new Map(Object.entries(shape.value.groups)),
    issuers: new Map(
      Object.entries(shape.value.issuers).map(([name, value]) => [name, issuerOf(name, value)]),
    ),
    shell: shellTermsOf(shape.value.shell),
    anomalies: anomalySettingsOf(
      shape.value.anomalies,
      shape.value.entitlements.flatMap(({ reason }) => reason?.presets ?? []),
    ),
    alerts: alertChannelsOf(shape.value.alerts),
    store: storeSettingsOf(shape.value.store),
    entitlements: shape.value.entitlements.map(entitlementOf),
    cedarFiles,
    digest: digestOf(input.text, cedarFiles),
  };
  return { ...config, source: file.source, warnings: [...doubts, ...configWarnings(config)] };
}
