// A checked config -> policies that Cedar holds ready. Owns the names under which Cedar keeps them.

import { JitError } from '../core/errors.ts';
import type { Milliseconds } from '../core/time.ts';
import { type Cedar, cedarSchema, loadCedar } from './cedar.ts';
import type { Config, Entitlement } from './config.ts';
import { entitlementPolicy } from './entitlement-policy.ts';
import { readExtraPolicies } from './extra.ts';
import type { LoadedConfig } from './load.ts';
import { configError, type Problem } from './problem.ts';
import { checkWhen } from './when.ts';

/** Entitlements for which one request looks the same: same zone, same default duration, same ticket pattern. */
export interface Batch {
  readonly set: string;
  readonly timezone: string;
  readonly defaultDuration: Milliseconds;
  readonly ticket: string | null;
}

/** Policies that Cedar holds ready. */
export interface Compiled {
  readonly config: Config;
  readonly cedar: Cedar;
  readonly schema: string;
  readonly batches: readonly Batch[];
  /** The set of forbidding policies, with one that permits all; null without any. */
  readonly forbids: { readonly set: string; readonly names: readonly string[] } | null;
  readonly warnings: readonly string[];
}

const schemaName = 'jit';
let made = 0;

/** Without a permit Cedar denies: this one lets everything through that nothing forbids. */
const letThrough = 'permit';
const letAll = 'permit(principal, action, resource);';

/** Id of a forbidding policy within Cedar: its place among them. */
export const forbidId = (index: number) => `f${index}`;

/** Id of an entitlement's policy within Cedar: its place in the file. */
export const policyId = (index: number) => `e${index}`;

function checkConditions(
  cedar: Cedar,
  config: Config | LoadedConfig,
): { problems: Problem[]; warnings: string[] } {
  const problems: Problem[] = [];
  const warnings: string[] = [];
  for (const [index, { name, when }] of config.entitlements.entries()) {
    if (when === null) continue;
    const checked = checkWhen(cedar, when);
    for (const { message, offset } of checked.faults) {
      const place =
        'source' in config
          ? config.source.within(['entitlements', index, 'when'], offset)
          : { line: 1, column: 1 };
      problems.push({
        path: config.path,
        ...place,
        message: `the condition of "${name}" is not valid: ${message}`,
      });
    }
    for (const { message } of checked.warnings) warnings.push(`the condition of "${name}": ${message}`);
  }
  return { problems, warnings };
}

function hold(cedar: Cedar, policies: Readonly<Record<string, string>>): string {
  made += 1;
  const id = `jit:${made}`;
  const answer = cedar.preparsePolicySet(id, { staticPolicies: policies });
  if (answer.type === 'failure')
    throw new JitError('ERR_INTERNAL', 'the compiled policies could not be read back');
  return id;
}

function batchesOf(cedar: Cedar, entitlements: readonly Entitlement[]): Batch[] {
  const key = ({ timezone, defaultDuration, reason }: Entitlement) =>
    JSON.stringify([timezone, defaultDuration, reason.ticket]);
  const indexed = entitlements.map((entitlement, index) => ({ entitlement, index }));
  return [...Map.groupBy(indexed, ({ entitlement }) => key(entitlement)).values()].flatMap((same) => {
    const first = same[0]?.entitlement;
    if (!first) return [];
    const policies = same.map(({ entitlement, index }) => [
      policyId(index),
      entitlementPolicy(cedar, entitlement),
    ]);
    return [
      {
        set: hold(cedar, Object.fromEntries(policies)),
        timezone: first.timezone,
        defaultDuration: first.defaultDuration,
        ticket: first.reason.ticket,
      },
    ];
  });
}

/**
 * Compiles a config. Loads Cedar.
 * @throws JitError `ERR_CONFIG` when a `when` or a .cedar file does not parse or fails strict validation.
 */
export async function compile(config: Config | LoadedConfig): Promise<Compiled> {
  const cedar = await loadCedar();
  const conditions = checkConditions(cedar, config);
  const extra = readExtraPolicies(cedar, config.cedarFiles);
  const problems = [...conditions.problems, ...extra.problems];
  if (problems.length > 0) throw configError(config.path, problems);

  const schema = cedar.preparseSchema(schemaName, cedarSchema);
  if (schema.type === 'failure')
    throw new JitError('ERR_INTERNAL', 'the schema of policies could not be read');
  const batches = batchesOf(cedar, config.entitlements);
  // Ids are ours: a name of the file as id could take the place of another policy.
  const forbids = Object.fromEntries(extra.forbids.map(({ text }, index) => [forbidId(index), text]));
  return {
    config,
    cedar,
    schema: schemaName,
    batches,
    forbids:
      extra.forbids.length === 0
        ? null
        : {
            set: hold(cedar, { ...forbids, [letThrough]: letAll }),
            names: extra.forbids.map(({ name }) => name),
          },
    warnings: [...conditions.warnings, ...extra.warnings],
  };
}
