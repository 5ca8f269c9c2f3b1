// Targets as the configuration names them. Checked values only; reading the file is policy/load.ts.

import type { OnEnd } from './shell-terms.ts';
import type { Milliseconds } from './time.ts';

/** A named narrowing of a role. `options` is checked by the provider's own schema. */
export interface ScopeConfig {
  readonly name: string;
  readonly description: string | null;
  readonly options: unknown;
}

/** A named bundle of rights on a target. */
export interface RoleConfig {
  readonly name: string;
  readonly description: string | null;
  readonly options: unknown;
  readonly scopes: ReadonlyMap<string, ScopeConfig>;
}

/** How much harm a target can do; shown, and used for colours and confirmation. */
export type Risk = 'low' | 'medium' | 'high';

/** One thing that can be reached. */
export interface TargetConfig {
  readonly name: string;
  readonly provider: string;
  readonly description: string | null;
  readonly risk: Risk;
  /** No grant on this target is longer, whatever an entitlement says. */
  readonly maxDuration: Milliseconds | null;
  /** The mildest end of a shell with access to it. */
  readonly onEnd: OnEnd;
  readonly options: unknown;
  readonly roles: ReadonlyMap<string, RoleConfig>;
}
