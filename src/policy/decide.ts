// The policy as the broker uses it: made once per configuration, asked for every request.

import { compile } from './compile.ts';
import type { Config, Policy, PolicyRequest } from './config.ts';
import { type Explanation, explain } from './explain.ts';
import type { LoadedConfig } from './load.ts';

/** A policy that also explains itself. */
export interface LoadedPolicy extends Policy {
  readonly config: Config;
  /** What is odd but allowed: of the config, its conditions and its .cedar files. */
  readonly warnings: readonly string[];
  explain(request: PolicyRequest): Explanation;
}

/**
 * The policy of a config, ready to decide. Loads Cedar (some 50 MB), so call it at the first decision.
 * `decide` never throws for any request: what cannot be evaluated is denied.
 * @throws JitError `ERR_CONFIG` when a `when` or a .cedar file is not valid, with file, line and column.
 */
export async function createPolicy(config: Config | LoadedConfig): Promise<LoadedPolicy> {
  const compiled = await compile(config);
  return {
    config,
    digest: config.digest,
    warnings: [...('warnings' in config ? config.warnings : []), ...compiled.warnings],
    explain: (request) => explain(compiled, request),
    decide: (request) => explain(compiled, request).decision,
  };
}
