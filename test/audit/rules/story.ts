// A log told in short: the events that rules look at, with their places, for tests.

import type { EventBody, EventData, EventType } from '../../../src/audit/event.ts';
import { createWatch, type Found } from '../../../src/audit/rules/engine.ts';
import { type AnomalyRule, type AnomalySettings, usualAnomalySettings } from '../../../src/core/anomaly.ts';
import type { Instant } from '../../../src/core/time.ts';
import { chainOf } from '../log.ts';

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

/** A Monday, 10:00 UTC. */
export const monday = Date.UTC(2026, 0, 5, 10);

type Names = {
  readonly principal?: string;
  readonly target?: string;
  readonly grant?: string;
  readonly lease?: string;
};

/** A log that is being told. */
export interface Story {
  readonly bodies: EventBody[];
  tell<Type extends EventType>(at: Instant, type: Type, data: EventData[Type], names?: Names): EventBody;
  /** A request and its approval; answers the id of the grant. */
  granted(at: Instant, wish?: Wish): string;
  denied(at: Instant, wish?: Wish): void;
}

/** What is unusual about a request. */
export interface Wish {
  readonly principal?: string;
  readonly target?: string;
  readonly role?: string;
  readonly scope?: string | null;
  readonly duration?: number;
  readonly reason?: string | null;
  readonly entitlement?: string;
  readonly policy?: string;
  readonly code?: 'ERR_POLICY_DENIED' | 'ERR_APPROVAL_PENDING';
}

export function createStory(): Story {
  const bodies: EventBody[] = [];
  let grants = 0;
  const story: Story = {
    bodies,
    tell(at, type, data, names = {}) {
      const event = { type, at, ...names, data } as Parameters<typeof chainOf>[0][number];
      const [row] = chainOf([event]);
      if (!row) throw new Error('no row');
      const body = { ...row.body, seq: String(bodies.length) };
      bodies.push(body);
      return body;
    },
    granted(at, wish = {}) {
      const names = request(at, wish);
      const { duration = 30 * minute, entitlement = 'e', policy = 'p1' } = wish;
      const deadline = new Date(at + duration).toISOString();
      story.tell(
        at,
        'grant.approved',
        { entitlement, policy, duration_ms: duration, deadline, why: 'w' },
        names,
      );
      return names.grant;
    },
    denied(at, wish = {}) {
      const { code = 'ERR_POLICY_DENIED', policy = 'p1' } = wish;
      story.tell(at, 'grant.denied', { entitlement: null, policy, code, why: 'w' }, request(at, wish));
    },
  };
  function request(at: Instant, wish: Wish): { principal: string; target: string; grant: string } {
    grants += 1;
    const { principal = 'user:ada', target = 'prod-db', role = 'read', scope = null, reason = null } = wish;
    const names = { principal, target, grant: `g${grants}` };
    const data = {
      role,
      scope,
      duration_ms: wish.duration ?? null,
      reason,
      ticket: null,
      digest: 'd',
      parent: null,
    };
    story.tell(at, 'grant.requested', { ...data, via: 'terminal', peer: 'uid 1' }, names);
    return names;
  }
  return story;
}

/** What one rule finds in `story`, all others off; afterwards time goes on to `until`. */
export function findings<Name extends AnomalyRule>(
  rule: Name,
  story: Story,
  { until, ...own }: Partial<AnomalySettings[Name]> & { until?: Instant } = {},
): Found[] {
  const watch = createWatch(only(rule, own as Partial<AnomalySettings[Name]>));
  const found = story.bodies.flatMap((body) => watch.see(body));
  return until === undefined ? found : [...found, ...watch.tick(until)];
}

/** Settings under which `rule` alone runs. */
export function only<Name extends AnomalyRule>(
  rule: Name,
  own: Partial<AnomalySettings[Name]> = {},
): AnomalySettings {
  const off = Object.entries(usualAnomalySettings).map(([name, one]) => [name, { ...one, mode: 'off' }]);
  const settings = Object.fromEntries(off) as AnomalySettings;
  return { ...settings, [rule]: { ...usualAnomalySettings[rule], mode: 'notify', ...own } };
}
