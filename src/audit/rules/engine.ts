// Runs all rules over the events of a log, one by one. Owns: which rules there are, and that nothing is told twice.

import type { AnomalyMode, AnomalyRule, AnomalySettings } from '../../core/anomaly.ts';
import type { Instant } from '../../core/time.ts';
import type { EventBody, EventData } from '../event.ts';
import { activationBurst } from './activation-burst.ts';
import { agentCrowd } from './agent-crowd.ts';
import { breakGlass } from './break-glass.ts';
import { clockStep } from './clock-step.ts';
import { creep } from './creep.ts';
import { denialShopping } from './denial-shopping.ts';
import { firstTime } from './first-time.ts';
import { createGrantBook } from './grant-book.ts';
import { leaseIdle } from './lease-idle.ts';
import { leftBehind } from './left-behind.ts';
import { logBehind } from './log-behind.ts';
import { logTampering } from './log-tampering.ts';
import { createMemory } from './memory.ts';
import { offHours } from './off-hours.ts';
import { outsideGrant } from './outside-grant.ts';
import { overdueRevocation } from './overdue-revocation.ts';
import { policyChange } from './policy-change.ts';
import { reasonReuse } from './reason-reuse.ts';
import { type Anomaly, type Rule, type Sign, timeOf, told, type Watcher } from './rule.ts';
import { useAfterEnd } from './use-after-end.ts';

/** Every rule, by name. */
export const rules: { readonly [Name in AnomalyRule]: Rule<Name> } = {
  'activation-burst': activationBurst,
  'first-time': firstTime,
  'off-hours': offHours,
  'denial-shopping': denialShopping,
  'reason-reuse': reasonReuse,
  creep,
  'overdue-revocation': overdueRevocation,
  'use-after-end': useAfterEnd,
  'break-glass': breakGlass,
  'policy-change': policyChange,
  'clock-step': clockStep,
  'log-behind': logBehind,
  'log-tampering': logTampering,
  'outside-grant': outsideGrant,
  'left-behind': leftBehind,
  'lease-idle': leaseIdle,
  'agent-crowd': agentCrowd,
};

/** An anomaly and what is to become of it. */
export interface Found extends Anomaly {
  readonly action: Exclude<AnomalyMode, 'off'>;
  /** The log that its events are of: each log of a file counts from 0. */
  readonly origin: string;
}

/** The rules at work on one log. */
export interface Watch {
  /** To be called once per event, in order; first with those that were written before (see {@link Watch.replay}). */
  see(event: EventBody): Found[];
  /** To be called as time goes on, also when nothing happens. */
  tick(now: Instant): Found[];
  /**
   * Takes in what was written before and answers what no event tells yet: found from `tellFrom` on, by a broker that
   * was killed before it could write it down.
   */
  replay(events: Iterable<EventBody>, tellFrom: Instant): Found[];
}

interface Running {
  readonly rule: Rule;
  readonly action: Found['action'];
  readonly watcher: Watcher;
}

/** Starts the rules that are not off. */
export function createWatch(settings: AnomalySettings): Watch {
  const running = Object.values(rules).flatMap((rule) => start(rule as unknown as Rule, settings));
  const book = createGrantBook();
  const known = createMemory<true>();
  let last: Instant | null = null;

  /** By loops: this runs at every event of a year. */
  function collect(signsOf: (watcher: Watcher) => readonly Sign[] | undefined, at: Instant): Found[] {
    const all: Found[] = [];
    for (const one of running) {
      for (const sign of signsOf(one.watcher) ?? []) {
        const found = foundBy(one, sign, at);
        if (isNews(found)) all.push(found);
      }
    }
    return all;
  }

  function isNews(found: Found): boolean {
    const id = idOf(found, found.origin);
    if (known.get(id)) return false;
    known.set(id, true);
    return true;
  }

  function tick(now: Instant): Found[] {
    // Not only forward: a clock that ran ahead for a while must not silence what waits for time.
    if (now === last) return [];
    last = now;
    return collect((watcher) => watcher.tick?.(now), now);
  }

  function see(event: EventBody): Found[] {
    const at = timeOf(event);
    const late = tick(at);
    const recorded = told(event, 'anomaly.found');
    const grant = book.see(event, at);
    if (recorded) {
      known.set(idOf(recorded, event.origin), true);
      for (const { rule, watcher } of running)
        if (rule.name === recorded.rule) watcher.recorded?.(recorded.evidence, event, grant);
      return late;
    }
    return [...late, ...collect((watcher) => watcher.see?.(event, at, grant), at)];
  }

  return {
    see,
    tick,
    replay(events, tellFrom) {
      const untold = new Map<string, Found>();
      for (const event of events) {
        for (const found of see(event))
          if (found.at >= tellFrom) untold.set(idOf(found, found.origin), found);
        const recorded = told(event, 'anomaly.found');
        if (recorded) untold.delete(idOf(recorded, event.origin));
      }
      return [...untold.values()];
    },
  };
}

function start(rule: Rule, settings: AnomalySettings): Running[] {
  const own = settings[rule.name];
  return own.mode === 'off' ? [] : [{ rule, action: own.mode, watcher: rule.make(own) }];
}

function foundBy({ rule, action }: Running, { severity, why, evidence, about }: Sign, at: Instant): Found {
  const { principal, target, grant, lease, origin } = about;
  return {
    rule: rule.name,
    severity: severity ?? rule.severity,
    why,
    evidence,
    action,
    origin,
    at,
    ...(principal !== undefined && { principal }),
    ...(target !== undefined && { target }),
    ...(grant !== undefined && { grant }),
    ...(lease !== undefined && { lease }),
  };
}

/** The same rule on the same events of one log with the same weight is the same anomaly. */
export function idOf(
  {
    rule,
    severity,
    evidence,
  }: Pick<EventData['anomaly.found'], 'rule' | 'severity'> & { readonly evidence: readonly string[] },
  origin: string,
): string {
  return `${origin} ${rule} ${severity} ${evidence.join()}`;
}

/** What the log tells of an anomaly. */
export function anomalyData({ rule, severity, why, evidence, action }: Found): EventData['anomaly.found'] {
  return { rule, severity, why, evidence: [...evidence], action };
}
