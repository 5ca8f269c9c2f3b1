// Which patterns of events are worth a look, and what becomes of them: the settings of the rules, as plain values.
// The rules themselves are audit/rules; how they are written in jit.yaml is policy/anomalies-schema.ts.

import type { Milliseconds } from './time.ts';

/**
 * What becomes of an anomaly. `off`: the rule does not run. `observe`: an event of the log. `notify`: besides, people
 * are told. `revoke`: besides, the grant that shows it is ended.
 */
export const anomalyModes = ['off', 'observe', 'notify', 'revoke'] as const;
export type AnomalyMode = (typeof anomalyModes)[number];

export type AnomalySeverity = 'low' | 'medium' | 'high' | 'critical';

/** Hours in which grants are usual: from `from` o'clock to before `to` o'clock, on these days (1 is Monday). */
export interface PolicyHours {
  readonly from: number;
  readonly to: number;
  readonly days: readonly number[];
}

/** Per rule its mode, and where its line is. */
export interface AnomalySettings {
  readonly 'activation-burst': Of<{ count: number; within: Milliseconds }>;
  readonly 'first-time': Of<{ within: Milliseconds; learn: Milliseconds }>;
  readonly 'off-hours': Of<{ history: number; hours: PolicyHours | null; timezone: string }>;
  readonly 'denial-shopping': Of<{ count: number; within: Milliseconds }>;
  /** `offered`: reasons that the configuration offers to choose from, which are no news however often they are given. */
  readonly 'reason-reuse': Of<{ count: number; within: Milliseconds; offered: readonly string[] }>;
  readonly creep: Of<{ extensions: number; history: number }>;
  readonly 'overdue-revocation': Of<{ after: Milliseconds; critical: Milliseconds }>;
  readonly 'use-after-end': Of<{ refusals: number; grace: Milliseconds }>;
  readonly 'break-glass': Of<{ entitlements: readonly string[] }>;
  readonly 'policy-change': Of<{ within: Milliseconds }>;
  readonly 'clock-step': Of<{ by: Milliseconds }>;
  readonly 'log-behind': Of<{ after: Milliseconds }>;
  readonly 'log-tampering': Of<object>;
  readonly 'outside-grant': Of<object>;
  readonly 'left-behind': Of<object>;
  readonly 'lease-idle': Of<{ least: Milliseconds }>;
  readonly 'agent-crowd': Of<{ grants: number }>;
}

type Of<Thresholds> = { readonly mode: AnomalyMode } & Readonly<Thresholds>;

/** A rule, by name. */
export type AnomalyRule = keyof AnomalySettings;

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** What holds where the configuration is silent. */
export const usualAnomalySettings: AnomalySettings = {
  'activation-burst': { mode: 'notify', count: 4, within: day },
  'first-time': { mode: 'observe', within: 90 * day, learn: 7 * day },
  'off-hours': { mode: 'observe', history: 20, hours: null, timezone: 'UTC' },
  'denial-shopping': { mode: 'notify', count: 3, within: 10 * minute },
  'reason-reuse': { mode: 'observe', count: 5, within: 30 * day, offered: [] },
  creep: { mode: 'observe', extensions: 3, history: 20 },
  'overdue-revocation': { mode: 'notify', after: minute, critical: 5 * minute },
  'use-after-end': { mode: 'notify', refusals: 20, grace: minute },
  'break-glass': { mode: 'notify', entitlements: [] },
  'policy-change': { mode: 'notify', within: hour },
  'clock-step': { mode: 'notify', by: 2_000 },
  'log-behind': { mode: 'notify', after: 15 * minute },
  'log-tampering': { mode: 'notify' },
  'outside-grant': { mode: 'notify' },
  'left-behind': { mode: 'observe' },
  'lease-idle': { mode: 'observe', least: 10 * minute },
  'agent-crowd': { mode: 'notify', grants: 3 },
};

/** Rules about one live grant, which `revoke` can end; the others tell of what no revocation would mend. */
export const revokingRules = [
  'activation-burst',
  'first-time',
  'off-hours',
  'denial-shopping',
  'reason-reuse',
  'creep',
  'break-glass',
  'policy-change',
  'lease-idle',
  'agent-crowd',
] as const satisfies readonly AnomalyRule[];

/** At most `most` of them, in their order: those that people are told of before what is only observed, then the newest. */
export function mostTelling<One extends { readonly action: AnomalyMode }>(
  all: readonly One[],
  most: number,
): One[] {
  const told = all.filter(({ action }) => action !== 'observe').slice(-most);
  const observed = all.filter(({ action }) => action === 'observe');
  const shown = new Set([
    ...told,
    ...observed.slice(observed.length - Math.min(observed.length, most - told.length)),
  ]);
  return all.filter((one) => shown.has(one));
}
