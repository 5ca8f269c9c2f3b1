// A year of a team as their broker's log would hold it: working hours in three places, seasons, denials, extensions,
// revocations that take long, findings, policy changes. The same seed gives the same year, keys aside.

import type { AuditEvent } from '../src/audit/event.ts';
import { anomalyData, createWatch } from '../src/audit/rules/engine.ts';
import { createSigner } from '../src/audit/signer.ts';
import { usualAnomalySettings } from '../src/core/anomaly.ts';
import type { EndCause } from '../src/core/grant.ts';
import { openStore } from '../src/store/open.ts';
import type { Store, Transaction } from '../src/store/store.ts';
import type { Clock } from '../src/system/clock.ts';
import { systemRandom } from '../src/system/random.ts';
import { createDice, type Dice } from './dice.ts';
import { grantRow, leaseRow, type Plan } from './team-rows.ts';

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];
const usualOrigin = 'jit.4e7a1c90bd52f638';

/** What {@link writeTeamYear} writes. */
export interface TeamYear {
  readonly grants: number;
  readonly people: number;
  /** First and last day, UTC midnights; the second is the end. */
  readonly from: number;
  readonly to: number;
  readonly seed: number;
  /** Of the log; several of a team each need their own. */
  readonly origin?: string;
}

export const usualYear: TeamYear = {
  grants: 100_000,
  people: 200,
  from: Date.UTC(2025, 0, 1),
  to: Date.UTC(2026, 0, 1),
  seed: 4711,
};

type Names = { principal?: string; target?: string; grant?: string; lease?: string };
type Due = { readonly event: AuditEvent; readonly plan?: Plan };

const firstNames =
  'ada ben cleo dario emil fatima greta hugo ines jonas kaya lena milo nora omar pia quinn ravi sofia tariq uma vera wei yara zoe'.split(
    ' ',
  );
const lastNames =
  'arslan berg costa dietrich eriksen fischer garcia haddad ito jansen kowalski lindqvist meyer novak okafor petrov rossi'.split(
    ' ',
  );
const targets = [
  { name: 'prod-db', provider: 'postgres', roles: ['read', 'read', 'read', 'write', 'admin'], weight: 34 },
  { name: 'billing-db', provider: 'postgres', roles: ['read', 'read', 'write'], weight: 14 },
  { name: 'staging-db', provider: 'postgres', roles: ['read', 'write', 'write'], weight: 17 },
  { name: 'aws-prod', provider: 'aws', roles: ['view', 'view', 'operate', 'admin'], weight: 16 },
  { name: 'aws-staging', provider: 'aws', roles: ['view', 'operate'], weight: 8 },
  { name: 'deploy-repos', provider: 'github', roles: ['deploy', 'maintain'], weight: 7 },
  { name: 'warehouse', provider: 'postgres', roles: ['read'], weight: 3 },
  { name: 'legacy-admin', provider: 'command', roles: ['operator'], weight: 1 },
];
const reasons = [
  'restore the orders that were lost',
  'customer cannot check out',
  'look at slow queries',
  'rotate the certificate of the gateway',
  'reconcile invoices of last month',
  'deploy the hotfix',
  'investigate an alert',
  'support case, read only',
  'backfill of the new column',
  'monthly report',
];

/** Writes the year to `path`. @param onProgress told how many of the grants are planned */
export function writeTeamYear(path: string, year: TeamYear, onProgress?: (done: number) => void): void {
  const { origin = usualOrigin } = year;
  const dice = createDice(year.seed);
  let now = year.from;
  const clock: Clock = {
    now: () => now,
    sinceBoot: () => now - year.from,
    bootId: '6f1e2d3c-0000-4000-8000-000000000001',
    after: () => () => undefined,
  };
  const signer = createSigner(origin, systemRandom.bytes(32));
  const store = openStore({ path, clock, random: systemRandom, signer, origin });
  const watch = createWatch(usualAnomalySettings);
  const people = createPeople(year.people, dice);
  let pending: Due[] = [];
  let planned = 0;

  function write(tx: Transaction, { event, plan }: Due): void {
    now = event.at;
    if (plan) {
      tx.putGrant(grantRow(plan));
      if (plan.lease !== null) tx.putLease(leaseRow(plan));
    }
    for (const found of watch.see(tx.append(event).body)) {
      const { principal, target, grant } = found;
      const names = { ...(principal && { principal }), ...(target && { target }), ...(grant && { grant }) };
      // Now and then a broker is killed before it can write down what it found.
      if (dice.one(40)) continue;
      const told = { type: 'anomaly.found', at: event.at, ...names, data: anomalyData(found) } as const;
      watch.see(tx.append(told).body);
    }
  }

  const days = Math.round((year.to - year.from) / day);
  const weights = Array.from({ length: days }, (_, index) =>
    weightOf(year.from + index * day, index / days, dice),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  let share = 0;
  for (let index = 0; index < days; index += 1) {
    const today = year.from + index * day;
    share += weights[index] ?? 0;
    pending.push(...ofTheDay(today, index, dice));
    for (; planned < Math.round((year.grants * share) / sum); planned += 1) {
      pending.push(...lifeOf(planned, today, people, dice, year.to));
    }
    const isDue = ({ event }: Due): boolean => event.at < today + day;
    const due = pending.filter(isDue).sort((one, other) => one.event.at - other.event.at);
    pending = pending.filter((one) => !isDue(one));
    commit(store, due, write);
    if (index % 30 === 29) store.rotate(createSigner(origin, systemRandom.bytes(32)), 'age');
    onProgress?.(planned);
  }
  store.close();
}

function commit(store: Store, due: readonly Due[], write: (tx: Transaction, one: Due) => void): void {
  const group = 500;
  for (let from = 0; from < due.length; from += group) {
    store.commit((tx) => {
      for (const one of due.slice(from, from + group)) write(tx, one);
    });
  }
}

interface Person {
  readonly name: string;
  /** Hours ahead of UTC. */
  readonly zone: number;
  readonly weight: number;
  readonly favourites: readonly number[];
}

function createPeople(count: number, dice: Dice): Person[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `${firstNames[index % firstNames.length]}.${lastNames[(index * 7) % lastNames.length]}`;
    const zone = dice.pick([1, 1, 1, 1, 1, 1, -5, -5, -5, 5.5]);
    // A few do most of the work.
    const weight = Math.min(12, 1 / (0.08 + dice.next()));
    const favourites = Array.from({ length: 3 }, () => dice.weighted(targets.map((target) => target.weight)));
    return { name: `user:${name}${index >= 150 ? index : ''}@example.com`, zone, weight, favourites };
  });
}

/** Working days, a quiet August, a quieter end of the year, and a team that grows. */
function weightOf(at: number, through: number, dice: Dice): number {
  const date = new Date(at);
  const [month, dayOfMonth, weekday] = [date.getUTCMonth(), date.getUTCDate(), date.getUTCDay()];
  const isHoliday = (month === 11 && dayOfMonth > 22) || (month === 0 && dayOfMonth < 3);
  const season = isHoliday ? 0.15 : month === 7 ? 0.65 : month === 10 ? 1.25 : 1;
  const inWeek = weekday === 0 || weekday === 6 ? 0.07 : weekday === 5 ? 0.8 : 1;
  return season * inWeek * (0.75 + 0.5 * through) * (0.85 + 0.3 * dice.next());
}

/** When somebody asks: in the morning and after lunch, by their own clock; seldom at night. */
function timeOfDay(zone: number, dice: Dice): number {
  const local = dice.one(35)
    ? 24 * dice.next()
    : dice.one(2)
      ? 10 + 1.3 * dice.normal()
      : 15 + 1.6 * dice.normal();
  return Math.round(((((local - zone) % 24) + 24) % 24) * hour);
}

function lifeOf(index: number, today: number, people: readonly Person[], dice: Dice, end: number): Due[] {
  const isJob = dice.one(14);
  const person = people[dice.weighted(people.map(({ weight }) => weight))] ?? people[0];
  if (!person) return [];
  const at = isJob ? today + Math.floor(day * dice.next()) : today + timeOfDay(person.zone, dice);
  const choice = dice.one(6)
    ? dice.weighted(targets.map(({ weight }) => weight))
    : dice.pick(person.favourites);
  const target = targets[isJob ? 5 : choice] ?? targets[0];
  if (!target) return [];
  const id = `g${(index + 1_000_000).toString(36)}${Math.floor(dice.next() * 36 ** 6)
    .toString(36)
    .padStart(6, '0')}`;
  const duration = isJob ? 10 * minute : dice.pick([15, 30, 30, 30, 60, 60, 60, 120, 240]) * minute;
  const principal = isJob ? `job:github/acme/${dice.pick(['shop', 'api', 'infra'])}#deploy` : person.name;
  const role = dice.pick(target.roles);
  const reason =
    role === 'read' && dice.one(4) ? null : `${dice.pick(reasons)}, INC-${1000 + Math.floor(index / 3)}`;
  const scope =
    target.provider === 'github' ? `acme/${dice.pick(['shop', 'api'])}` : dice.one(3) ? 'orders' : null;
  const plan: Plan = {
    ...{
      id,
      principal,
      target: target.name,
      provider: target.provider,
      role,
      scope,
      reason,
      duration,
      at,
      end,
    },
    ...{ via: isJob ? 'ci' : dice.one(9) ? 'script' : 'terminal', lease: null, deadline: at + duration },
    ...{ ended: null, gone: null, cause: null, attempts: 1 },
  };
  const isDenied = dice.one(24);
  return isDenied ? deniedLife(plan, dice) : grantedLife(plan, dice);
}

const digestAt = (at: number): string =>
  `${Math.floor(at / (14 * day))
    .toString(16)
    .padStart(8, '0')}${'4f'.repeat(28)}`;

function request(plan: Plan, dice: Dice): AuditEvent {
  const { at, principal, target, id, role, scope, duration, reason, via } = plan;
  const ticket = dice.one(5) ? `OPS-${Math.floor(dice.next() * 9_000)}` : null;
  const data = {
    role,
    scope,
    duration_ms: duration,
    reason,
    ticket,
    digest: 'd'.repeat(64),
    parent: null,
    via,
  };
  return {
    type: 'grant.requested',
    at,
    principal,
    target,
    grant: id,
    data: { ...data, peer: 'uid 1000, pid 4412' },
  };
}

function deniedLife(plan: Plan, dice: Dice): Due[] {
  const { at, principal, target, id } = plan;
  const why = dice.one(6) ? 'the entitlement asks for a reason' : 'no entitlement allows it';
  const data = { entitlement: null, policy: digestAt(at), code: 'ERR_POLICY_DENIED', why } as const;
  const denied: AuditEvent = { type: 'grant.denied', at: at + 4, principal, target, grant: id, data };
  return [{ event: request(plan, dice), plan: { ...plan, end: -1 } }, { event: denied }];
}

function grantedLife(start: Plan, dice: Dice): Due[] {
  const { id, principal, target, provider, at, duration, end } = start;
  const names: Names = { principal, target, grant: id };
  const both: Names = { ...names, lease: `l${id.slice(1)}` };
  const due: Due[] = [];
  const stamp = (time: number): string => new Date(time).toISOString();
  const tell = (time: number, type: string, data: object, about: Names = both): void => {
    due.push({ event: { type, at: Math.round(time), ...about, data } as AuditEvent });
  };
  const entitlement = `${target}-${start.role === 'admin' ? 'admins' : 'developers'}`;
  const policy = digestAt(at);
  let deadline = at + duration;
  const approved = {
    entitlement,
    policy,
    duration_ms: duration,
    deadline: stamp(deadline),
    why: `rule "${entitlement}"`,
  };
  tell(at + 5, 'grant.approved', approved, names);
  const name = `jit_${both.lease}`;
  const hard = stamp(deadline + 5 * minute);
  tell(at + 8, 'lease.intent', { provider, name, facts: {}, deadline: stamp(deadline), hard_deadline: hard });
  const issuedAt = at + 60 + 400 * dice.next();
  const facts = { oid: 16_384 + Math.floor(9e6 * dice.next()) };
  tell(issuedAt, 'lease.issued', { name, facts, deadline: stamp(deadline), expires: hard });
  tell(issuedAt + 3, 'lease.handed_out', { variables: ['PGHOST', 'PGSERVICE'], files: [], secrets: false });
  if (dice.one(3)) {
    const ran = Math.floor(duration * 0.1 * dice.next());
    tell(issuedAt + 40, 'command.started', { kind: 'command', pid: 4_413, argv: null }, names);
    const ended = { kind: 'command', pid: 4_413, exit_code: dice.one(12) ? 1 : 0, ran_ms: ran };
    tell(issuedAt + 40 + ran, 'command.ended', ended, names);
  }
  if (provider === 'aws')
    tell(issuedAt + 30 * second, 'lease.served', { count: 1 + Math.floor(6 * dice.next()) });
  if (dice.one(30)) {
    deadline += 30 * minute;
    const extended = {
      entitlement,
      policy,
      deadline: stamp(deadline),
      by_ms: 30 * minute,
      reason: 'it takes longer',
    };
    tell(at + duration * 0.9, 'grant.extended', extended, names);
    tell(at + duration * 0.9 + 5, 'lease.renewed', { deadline: stamp(deadline), hard_deadline: hard });
  }
  const isEarly = dice.next() < 0.45;
  const cause: EndCause = isEarly ? (dice.one(9) ? 'revoked' : 'session-ended') : 'expired';
  const over = isEarly ? at + duration * (0.15 + 0.7 * dice.next()) : deadline;
  const took = tookFor(dice);
  tell(over, 'lease.revoking', { cause });
  if (dice.one(1_200)) {
    const finding = dice.pick([
      {
        kind: 'owned-object',
        where: 'orders/public.tmp_fix',
        detail: 'table',
        action: 'now owned by jit_quarantine',
      },
      {
        kind: 'third-party-grant',
        where: 'orders/public.orders',
        detail: 'SELECT to app_ro',
        action: 'revoked',
      },
      {
        kind: 'security-definer',
        where: 'orders/public.fix()',
        detail: 'function',
        action: 'now owned by jit_quarantine',
      },
    ]);
    tell(over + 20, 'lease.finding', finding);
  }
  const isOverdue = took > 20 * second;
  if (isOverdue)
    tell(over + 10 * second, 'lease.overdue', { cause, attempts: 3, code: 'ERR_TARGET_UNREACHABLE' });
  const gone = Math.round(over + took);
  const attempts = isOverdue ? 4 + Math.floor(took / minute) : 1;
  tell(gone, 'lease.revoked', { cause, attempts, late_ms: Math.max(0, Math.round(gone - deadline)) });
  tell(over + 1, 'grant.ended', { cause, used_ms: Math.round(over - at) }, names);
  const ended = over + 1 < end ? Math.round(over + 1) : null;
  const plan = {
    ...start,
    lease: both.lease ?? null,
    deadline,
    ended,
    gone: gone < end ? gone : null,
    cause,
    attempts,
  };
  return [{ event: request(start, dice), plan }, ...due];
}

/** Most within half a second; one in a few hundred takes seconds; seldom a target is down for hours. */
function tookFor(dice: Dice): number {
  if (dice.one(2_500)) return (2 + 400 * dice.next() ** 3) * minute;
  if (dice.one(300)) return (1 + 30 * dice.next()) * second;
  return 25 + 90 * Math.exp(0.6 * dice.normal());
}

/** The broker's own days. */
function ofTheDay(today: number, index: number, dice: Dice): Due[] {
  const due: AuditEvent[] = [];
  const start = today + 5 * hour;
  const hardening = { undumpable: 'on', 'core dumps': 'off' };
  const data = { version: index < 200 ? '1.0.3' : '1.1.0', pid: 4_000 + index, hardening, recovered: 0 };
  if (index % 3 === 0) due.push({ type: 'broker.start', at: start, data });
  if (index === 0 || digestAt(today) !== digestAt(today - day)) {
    const load = {
      digest: digestAt(today),
      path: '/etc/jit/jit.yaml',
      targets: 8,
      entitlements: 14 + Math.floor(index / 50),
    };
    due.push({ type: 'policy.load', at: today + 1, data: load });
  }
  if (dice.one(90))
    due.push({ type: 'clock.step', at: start + hour, data: { by_ms: dice.pick([-3_400, 2_700, 61_000]) } });
  if (dice.one(40)) {
    const since = new Date(start + 2 * hour).toISOString();
    due.push({
      type: 'sync.behind',
      at: start + 2 * hour + 15 * minute,
      data: { events: 140, since, code: 'ERR_TARGET_UNREACHABLE' },
    });
    due.push({
      type: 'sync.caught_up',
      at: start + 2 * hour + Math.floor(90 * minute * dice.next()) + 16 * minute,
      data: { size: 1 },
    });
  }
  if (dice.one(120))
    due.push({
      type: 'notify.failed',
      at: start + 3 * hour,
      data: { channel: 'webhook', code: 'ERR_TARGET_UNREACHABLE' },
    });
  if (index === 211)
    due.push({ type: 'process.signal_probe', at: start + 4 * hour, data: { signal: 'SIGUSR1' } });
  return due.map((event) => ({ event }));
}
