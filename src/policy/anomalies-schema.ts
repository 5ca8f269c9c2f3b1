// The `anomalies` section of jit.yaml: which patterns of the log are worth a look, and what becomes of them.

import * as v from 'valibot';
import {
  type AnomalyRule,
  type AnomalySettings,
  anomalyModes,
  revokingRules,
  usualAnomalySettings as usual,
} from '../core/anomaly.ts';
import type { Milliseconds } from '../core/time.ts';
import { namePattern } from './names.ts';

const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const workdays = weekdays.slice(0, 5);

const whole = (least: number, most: number) =>
  v.pipe(
    v.number(),
    v.integer('expected a whole number'),
    v.minValue(least, `expected at least ${least}`),
    v.maxValue(most, `expected at most ${most}`),
  );
const count = v.exactOptional(whole(2, 100));
const hours = v.pipe(
  v.strictObject({
    from: whole(0, 23),
    to: whole(1, 24),
    days: v.exactOptional(v.pipe(v.array(v.picklist(weekdays)), v.minLength(1, 'expected at least one day'))),
  }),
  v.check(({ from, to }) => from < to, 'expected "from" to be before "to"'),
  v.description('hours in which grants are usual'),
);
const timezone = v.pipe(v.string(), v.check(isTimezone, 'expected an IANA time zone such as Europe/Vienna'));

function isTimezone(text: string): boolean {
  try {
    return /^[A-Za-z]/.test(text) && new Intl.DateTimeFormat('en', { timeZone: text }) !== null;
  } catch {
    return false;
  }
}

/** @param duration the schema of a duration, which answers milliseconds */
export function anomaliesSchema(duration: v.GenericSchema<string, Milliseconds>) {
  const time = v.exactOptional(duration);
  const entitlement = v.pipe(v.string(), v.regex(namePattern, 'expected the name of an entitlement'));
  const history = v.exactOptional(whole(5, 500));
  return v.strictObject({
    'activation-burst': rule('activation-burst', { count, within: time }),
    'first-time': rule('first-time', { within: time, learn: time }),
    'off-hours': rule('off-hours', {
      history,
      hours: v.exactOptional(hours),
      timezone: v.exactOptional(timezone),
    }),
    'denial-shopping': rule('denial-shopping', { count, within: time }),
    'reason-reuse': rule('reason-reuse', { count, within: time }),
    creep: rule('creep', { extensions: v.exactOptional(whole(0, 99)), history }),
    'overdue-revocation': rule('overdue-revocation', { after: time, critical: time }),
    'use-after-end': rule('use-after-end', { refusals: v.exactOptional(whole(0, 1_000_000)), grace: time }),
    'break-glass': rule('break-glass', { entitlements: v.exactOptional(v.array(entitlement)) }),
    'policy-change': rule('policy-change', { within: time }),
    'clock-step': rule('clock-step', { by: time }),
    'log-behind': rule('log-behind', { after: time }),
    'log-tampering': rule('log-tampering', {}),
    'outside-grant': rule('outside-grant', {}),
    'left-behind': rule('left-behind', {}),
    'lease-idle': rule('lease-idle', { least: time }),
    'agent-crowd': rule('agent-crowd', { grants: v.exactOptional(whole(1, 999)) }),
  } satisfies Record<AnomalyRule, v.GenericSchema | object>);
}

function rule<Entries extends v.ObjectEntries>(name: AnomalyRule, thresholds: Entries) {
  return v.exactOptional(v.strictObject({ ...thresholds, mode: modeOf(name) }));
}

/** Only a rule about a grant that is still there can revoke. */
function modeOf(rule: AnomalyRule) {
  const canRevoke = (revokingRules as readonly AnomalyRule[]).includes(rule);
  return v.exactOptional(
    v.pipe(
      v.picklist(canRevoke ? anomalyModes : anomalyModes.filter((mode) => mode !== 'revoke')),
      v.description('off; observe: record it; notify: tell people, too; revoke: end the grant, too'),
    ),
  );
}

/** What {@link anomaliesSchema} answers. */
export type AnomaliesValue = v.InferOutput<ReturnType<typeof anomaliesSchema>>;

/**
 * The settings that an `anomalies` section states; where it is silent the usual ones.
 * @param offered the reasons that entitlements offer to choose from
 */
export function anomalySettingsOf(
  value: AnomaliesValue = {},
  offered: readonly string[] = [],
): AnomalySettings {
  const { hours: written = null, ...offHours } = value['off-hours'] ?? {};
  const days = (written?.days ?? workdays).map((day) => weekdays.indexOf(day) + 1);
  const settings = Object.entries(usual).map(([name, own]) => [
    name,
    { ...own, ...value[name as AnomalyRule] },
  ]);
  const all = Object.fromEntries(settings) as AnomalySettings;
  return {
    ...all,
    'reason-reuse': { ...all['reason-reuse'], offered },
    'off-hours': { ...usual['off-hours'], ...offHours, hours: written && { ...written, days } },
  };
}
