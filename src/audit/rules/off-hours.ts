// A grant at an hour that is not usual for this person. The hours of working days and of the weekend are told apart.

import type { PolicyHours } from '../../core/anomaly.ts';
import type { Instant } from '../../core/time.ts';
import { createMemory } from './memory.ts';
import type { Rule } from './rule.ts';

/** How many of the past grants make up "usual". */
const share = 0.95;
/** Grants that are remembered per person: habits change. */
const most = 500;
const dayNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

interface LocalTime {
  readonly hour: number;
  /** 1 is Monday. */
  readonly day: number;
}

export const offHours: Rule<'off-hours'> = {
  name: 'off-hours',
  severity: 'low',
  definition:
    'A grant came at an hour (of working days, or of the weekend) more than one away from those of 95 % of the past grants of this principal; where there are fewer than `history` of them, outside `hours`, if there are any.',
  make({ history, hours, timezone }) {
    const past = createMemory<readonly number[]>();
    const local = localTimeIn(timezone);
    return {
      see(event, at, grant) {
        if (event.type !== 'grant.approved' || !grant) return [];
        const time = local(at);
        const before = past.get(grant.principal) ?? [];
        const slot = slotOf(time);
        past.set(grant.principal, [...before, slot].slice(-most));
        const isOdd =
          before.length >= history ? !isUsual(slot, before) : hours !== null && !isWithin(time, hours);
        if (!isOdd) return [];
        const usual =
          before.length >= history ? `what is usual for ${grant.principal}` : 'the hours of the policy';
        const why = `${grant.target}:${grant.role} was granted at ${time.hour} o'clock, outside of ${usual}`;
        return [{ why, evidence: [event.seq], about: event }];
      },
    };
  },
};

/** Hours of a working day are 0 to 23, those of the weekend 24 to 47. */
function slotOf({ hour, day }: LocalTime): number {
  return hour + (day > 5 ? 24 : 0);
}

/** Whether `slot` is among the fullest that hold {@link share} of the past, or next to one of them. */
function isUsual(slot: number, past: readonly number[]): boolean {
  const counts = new Array<number>(48).fill(0);
  for (const one of past) counts[one] = (counts[one] ?? 0) + 1;
  const fullest = counts.map((count, one) => ({ one, count })).sort((a, b) => b.count - a.count);
  const usual = new Set<number>();
  let covered = 0;
  for (const { one, count } of fullest) {
    if (covered >= share * past.length) break;
    usual.add(one);
    covered += count;
  }
  const [start, hour] = [slot < 24 ? 0 : 24, slot % 24];
  return [23, 0, 1].some((step) => usual.has(start + ((hour + step) % 24)));
}

function isWithin({ hour, day }: LocalTime, { from, to, days }: PolicyHours): boolean {
  return days.includes(day) && hour >= from && hour < to;
}

function localTimeIn(timeZone: string): (at: Instant) => LocalTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hour: 'numeric',
    hourCycle: 'h23',
    weekday: 'short',
  });
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    return { hour: Number(parts['hour']), day: dayNames.indexOf(parts['weekday'] ?? '') + 1 };
  };
}
