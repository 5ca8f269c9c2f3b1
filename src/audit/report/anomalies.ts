// Anomalies: those that the broker recorded, and those that the same rules find now, by their usual settings, in the same
// events, and that no event tells.

import { usualAnomalySettings } from '../../core/anomaly.ts';
import { formatDuration } from '../../core/duration.ts';
import type { Instant } from '../../core/time.ts';
import { createWatch, type Found, idOf, rules } from '../rules/engine.ts';
import { told } from '../rules/rule.ts';
import { createTally } from './distribution.ts';
import type { AnomalyEntry } from './entries.ts';
import type { Seen } from './place.ts';
import type { Anomalies } from './report.ts';

/** Watches events of one device as its broker does. */
export interface AnomalyReplay {
  see(seen: Seen): void;
  /** @param to end of the period: what was due until then and did not come is unusual, too */
  found(to: Instant): AnomalyEntry[];
}

/**
 * Rules that find nothing yet; they learn from what was before the period.
 * @param isOneOfMany there are logs of others: events that show an anomaly are named with their own
 */
export function createAnomalyReplay(isOneOfMany: boolean): AnomalyReplay {
  const named = (origin: string, evidence: readonly string[]): readonly string[] =>
    isOneOfMany ? evidence.map((seq) => `${origin}:${seq}`) : evidence;
  const watch = createWatch(usualAnomalySettings);
  const recorded: AnomalyEntry[] = [];
  const untold = new Map<string, AnomalyEntry>();
  return {
    see({ event, at, isIn, name }) {
      for (const found of watch.see(event)) {
        if (isIn) untold.set(idOf(found, found.origin), entryOf(found, named(found.origin, found.evidence)));
      }
      const anomaly = told(event, 'anomaly.found');
      if (!anomaly) return;
      untold.delete(idOf(anomaly, event.origin));
      if (!isIn) return;
      const { principal = null, target = null, grant = null } = event;
      const { rule, severity, why, evidence } = anomaly;
      const shownBy = named(event.origin, evidence);
      const about = { rule, severity, why, principal, target, grant, evidence: shownBy };
      recorded.push({ at, event: name(), isReplayed: false, ...about });
    },
    found(to) {
      for (const late of watch.tick(to)) {
        untold.set(idOf(late, late.origin), entryOf(late, named(late.origin, late.evidence)));
      }
      return [...recorded, ...untold.values()];
    },
  };
}

/** What was found on all devices, in order of time. @param to end of the period */
export function anomaliesOf(replays: readonly AnomalyReplay[], to: Instant): Anomalies {
  const found = replays.flatMap((replay) => replay.found(to)).sort((one, other) => one.at - other.at);
  return { rules: countsOf(found), found };
}

/** `count 4, within 1d` */
function settingsOf(rule: string): string {
  const settings: object = usualAnomalySettings[rule as keyof typeof usualAnomalySettings] ?? {};
  const values = Object.entries(settings).filter(([, value]) => typeof value === 'number');
  // Lengths of time are milliseconds; nothing else is as large.
  return values.map(([name, value]) => `${name} ${value < 1_000 ? value : formatDuration(value)}`).join(', ');
}

function entryOf(
  { at, rule, severity, why, principal, target, grant }: Found,
  evidence: readonly string[],
): AnomalyEntry {
  const names = { principal: principal ?? null, target: target ?? null, grant: grant ?? null };
  return { at, event: null, isReplayed: true, rule, severity, why, ...names, evidence };
}

function countsOf(found: readonly AnomalyEntry[]): Anomalies['rules'] {
  const [recorded, replayed] = [createTally(), createTally()];
  for (const { rule, isReplayed } of found) (isReplayed ? replayed : recorded).add(rule);
  const count = (tally: typeof recorded, rule: string): number =>
    tally.counts().find(({ name }) => name === rule)?.count ?? 0;
  const names = new Set([...Object.keys(rules), ...found.map(({ rule }) => rule)]);
  return [...names].map((rule) => ({
    rule,
    definition: (
      rules[rule as keyof typeof rules]?.definition ?? 'a rule that this version does not know'
    ).replaceAll('`', ''),
    settings: settingsOf(rule),
    recorded: count(recorded, rule),
    replayed: count(replayed, rule),
  }));
}
