// The `anomalies` section of a configuration: what is written, what it becomes, and what is refused.

import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { revokingRules, usualAnomalySettings } from '../../src/core/anomaly.ts';
import { parseDuration } from '../../src/core/duration.ts';
import { anomaliesSchema, anomalySettingsOf } from '../../src/policy/anomalies-schema.ts';
import { checkTogether } from '../../src/policy/cross.ts';

const schema = anomaliesSchema(v.pipe(v.string(), v.transform(parseDuration)));
const settings = (written: unknown) => anomalySettingsOf(v.parse(schema, written));

describe('an anomalies section', () => {
  test('may be absent, or empty, which is the same', () => {
    expect(anomalySettingsOf(undefined)).toEqual(usualAnomalySettings);
    expect(settings({})).toEqual(usualAnomalySettings);
  });

  test('changes what it names and nothing else', () => {
    const written = { 'activation-burst': { within: '2h' }, 'clock-step': { mode: 'off' } };
    expect(settings(written)).toEqual({
      ...usualAnomalySettings,
      'activation-burst': { ...usualAnomalySettings['activation-burst'], within: 7_200_000 },
      'clock-step': { ...usualAnomalySettings['clock-step'], mode: 'off' },
    });
  });

  test('has hours from Monday to Friday unless it says which days', () => {
    expect(settings({ 'off-hours': { hours: { from: 8, to: 18 } } })['off-hours'].hours).toEqual({
      from: 8,
      to: 18,
      days: [1, 2, 3, 4, 5],
    });
    expect(
      settings({ 'off-hours': { hours: { from: 0, to: 24, days: ['sat', 'sun'] } } })['off-hours'].hours,
    ).toEqual({ from: 0, to: 24, days: [6, 7] });
  });

  test('may revoke by exactly the rules about a grant that is still there', () => {
    const taken = Object.keys(usualAnomalySettings).filter(
      (rule) => v.safeParse(schema, { [rule]: { mode: 'revoke' } }).success,
    );
    expect(taken.sort()).toEqual([...revokingRules].sort());
  });

  test.each([
    { 'activation-bursts': {} },
    { 'activation-burst': { counts: 3 } },
    { 'activation-burst': { count: 1 } },
    { creep: { mode: 'shout' } },
    { 'off-hours': { hours: { from: 18, to: 8 } } },
    { 'off-hours': { timezone: 'Vienna' } },
    { 'clock-step': { by: 2000 } },
    { 'break-glass': { entitlements: ['NOT A NAME'] } },
  ])('is refused as %j', (written) => {
    expect(v.safeParse(schema, written).success).toBe(false);
  });
});

test('an emergency entitlement has to be one of the file', () => {
  const config = {
    entitlements: [{ name: 'nights' }],
    anomalies: { 'break-glass': { entitlements: ['nights', 'night'] } },
  };
  const problems: [string, string][] = [];
  checkTogether(config, (path, message) => problems.push([path.join('.'), message]));
  expect(problems).toEqual([
    ['anomalies.break-glass.entitlements.1', 'unknown entitlement "night": did you mean "nights"?'],
  ]);
});
