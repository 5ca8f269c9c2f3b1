// The rules together: replay, nothing twice, bounded memory.

import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { anomalyData, createWatch, type Found, rules } from '../../../src/audit/rules/engine.ts';
import { createMemory } from '../../../src/audit/rules/memory.ts';
import { dataSchemas } from '../../../src/audit/schema.ts';
import { usualAnomalySettings } from '../../../src/core/anomaly.ts';
import { chainOf } from '../log.ts';
import { samples } from '../samples.ts';
import { createStory, day, hour, minute, monday, only } from './story.ts';

const nameOf = ({ principal = '', target = '', grant = '' }: Found) => ({ principal, target, grant });
const burst = () => {
  const story = createStory();
  for (let index = 0; index < 4; index += 1) story.granted(monday + index * minute);
  return story;
};

describe('the rules', () => {
  test('have settings, a name and a sentence each', () => {
    expect(Object.keys(rules)).toEqual(Object.keys(usualAnomalySettings));
    for (const [name, rule] of Object.entries(rules)) {
      expect(rule.name).toBe(name);
      expect(rule.definition).toMatch(/^[A-Z].{30,}\.$/);
    }
  });

  test('take every type of event, and what they find fits into the log', () => {
    const watch = createWatch(usualAnomalySettings);
    const found = chainOf(samples).flatMap(({ body }) => watch.see(body));
    expect(found.map(({ rule }) => rule)).toContain('log-tampering');
    for (const one of found)
      expect(v.safeParse(dataSchemas['anomaly.found'], anomalyData(one)).success).toBe(true);
  });

  test('do not run when they are off', () => {
    const watch = createWatch(only('activation-burst', { mode: 'off' }));
    expect(burst().bodies.flatMap((body) => watch.see(body))).toEqual([]);
  });

  test('find the same in the same events', () => {
    const run = () => {
      const watch = createWatch(usualAnomalySettings);
      return burst().bodies.flatMap((body) => watch.see(body));
    };
    expect(run()).toEqual(run());
    expect(run()).not.toEqual([]);
  });
});

describe('a replay', () => {
  test('answers what no event tells, from the given time on', () => {
    const story = burst();
    const untold = createWatch(only('activation-burst')).replay(story.bodies, monday);
    expect(untold).toMatchObject([{ rule: 'activation-burst', action: 'notify' }]);
    expect(createWatch(only('activation-burst')).replay(story.bodies, monday + day)).toEqual([]);
  });

  test('answers nothing that was told, also when it is found again later', () => {
    const story = burst();
    const [found] = createWatch(only('activation-burst')).replay(story.bodies, monday);
    if (!found) throw new Error('nothing found');
    story.tell(monday + day, 'anomaly.found', anomalyData(found));
    expect(createWatch(only('activation-burst')).replay(story.bodies, monday)).toEqual([]);
    const overdue = createStory();
    overdue.tell(monday, 'lease.revoking', { cause: 'expired' }, { lease: 'l1' });
    const watch = createWatch(only('overdue-revocation'));
    watch.replay(overdue.bodies, monday);
    const [late] = watch.tick(monday + minute);
    if (!late) throw new Error('nothing found');
    overdue.tell(monday + 2 * minute, 'anomaly.found', anomalyData(late));
    const next = createWatch(only('overdue-revocation'));
    expect(next.replay(overdue.bodies, monday)).toEqual([]);
    expect(next.tick(monday + 3 * minute)).toEqual([]);
  });
});

test('a replay that begins in the midst of bursts finds those that were told, and no others', () => {
  for (let cut = 0; cut < 10; cut += 1) {
    const story = createStory();
    const live = createWatch(only('activation-burst'));
    let count = 0;
    const see = (from: number) => {
      for (const body of story.bodies.slice(from)) {
        for (const found of live.see(body)) {
          count += 1;
          live.see(story.tell(found.at, 'anomaly.found', anomalyData(found), nameOf(found)));
        }
      }
    };
    // Six a day, every day.
    for (let index = 0; index < 60; index += 1) {
      const before = story.bodies.length;
      story.granted(monday + index * 4 * hour);
      see(before);
    }
    expect(count).toBe(15);
    const fresh = createWatch(only('activation-burst'));
    expect(fresh.replay(story.bodies.slice(cut), monday)).toEqual([]);
    // From here on it tells what the other one does.
    const [one, other] = [0, 1, 2, 3]
      .map((index) => {
        const before = story.bodies.length;
        story.granted(monday + (60 + index) * 4 * hour);
        const next = story.bodies.slice(before);
        return [next.flatMap((body) => live.see(body)), next.flatMap((body) => fresh.see(body))];
      })
      .reduce(
        ([a = [], b = []], [c = [], d = []]) => [
          [...a, ...c],
          [...b, ...d],
        ],
        [[], []],
      );
    expect(other).toEqual(one);
    expect(one).toHaveLength(1);
  }
});

test('the record of one thing that a rule found does not end the count of another', () => {
  const story = createStory();
  const watch = createWatch(only('denial-shopping'));
  const seen: string[] = [];
  const see = (tell: () => void) => {
    const before = story.bodies.length;
    tell();
    for (const body of story.bodies.slice(before)) {
      for (const found of watch.see(body)) {
        seen.push(found.why);
        watch.see(story.tell(found.at, 'anomaly.found', anomalyData(found), nameOf(found)));
      }
    }
  };
  see(() => story.denied(monday, { duration: hour }));
  see(() => story.denied(monday + 1, { role: 'write' }));
  see(() => story.granted(monday + 2, { duration: 2 * hour }));
  see(() => story.denied(monday + 3, { role: 'admin' }));
  expect(seen).toEqual([expect.stringContaining('for longer'), expect.stringContaining('3 times')]);
});

test('a memory is bounded, and has at least the half that was written last', () => {
  const memory = createMemory<number>(100);
  for (let index = 0; index < 1_000; index += 1) {
    memory.set(`key${index}`, index);
    memory.set('kept', index);
    const held = [...memory.entries()];
    expect(held.length).toBeLessThanOrEqual(100);
    expect(new Set(held.map(([key]) => key)).size).toBe(held.length);
    for (let last = Math.max(0, index - 40); last <= index; last += 1)
      expect(memory.get(`key${last}`)).toBe(last);
  }
  memory.delete('kept');
  expect(memory.get('kept')).toBeUndefined();
});
