// What the log says about controls that auditors test. Each one: what is counted, how to count it again, what came out,
// and what it cannot show. A control is never called met: that is for the auditor to say.

import type { EventType } from '../event.ts';
import { countCommand, exportCommand, validCommand } from './commands.ts';
import type { Control, Report } from './report.ts';
import { worst } from './timeliness.ts';
import { counted, figure, lengthOf, share } from './words.ts';

/** A report before its controls. */
export type Found = Omit<Report, 'controls'>;

interface Test extends Pick<Control, 'framework' | 'id' | 'title' | 'query' | 'evidence' | 'limits'> {
  readonly count: readonly EventType[] | 'events' | 'valid';
  readonly result: (found: Found) => string;
  /** What was counted, where there are many logs and that takes other words. */
  readonly queryOfStore?: string;
  /** null: nothing that could be an exception is counted. */
  readonly exceptions: ((found: Found) => number) | null;
}

/** The controls, in the order of their frameworks. */
export function controlsOf(found: Found): Control[] {
  // That nothing was found says nothing where something is missing.
  const isWhole = found.verification.valid && gaps(found) === 0;
  return tests.map(({ count, result, exceptions, queryOfStore, ...test }) => {
    const number = exceptions?.(found) ?? 0;
    return {
      ...test,
      ...(found.store && queryOfStore !== undefined && { query: queryOfStore }),
      ...recount(found, count),
      result: result(found),
      exceptions: number,
      standing: exceptions === null ? 'shown' : number > 0 ? 'exceptions' : isWhole ? 'holds' : 'unknown',
    };
  });
}

function recount(found: Found, count: Test['count']): Pick<Control, 'command' | 'counted'> {
  if (count === 'valid') {
    return { command: validCommand(found), counted: found.verification.valid ? 1 : 0 };
  }
  if (count === 'events') {
    return { command: `${exportCommand(found)} | wc -l`, counted: found.population.events };
  }
  return { command: countCommand(found, count), counted: eventsOf(found, count) };
}

function eventsOf({ population }: Found, types: readonly EventType[]): number {
  const counts = new Map(population.types.map(({ name, count }) => [name, count]));
  return types.reduce((sum, type) => sum + (counts.get(type) ?? 0), 0);
}

const failures: readonly EventType[] = [
  'revoke.unaudited',
  'log.fork',
  'log.rollback_detected',
  'log.damaged',
  'process.signal_probe',
  'notify.failed',
  'sync.behind',
  'store.rollback_detected',
];

const gaps = ({ population }: Found): number => population.ranges.reduce((sum, range) => sum + range.gaps, 0);
const unknownPolicies = ({ policy }: Found): number =>
  policy.used.filter(({ isKnown }) => !isKnown).reduce((sum, { decisions }) => sum + decisions, 0);
const grave = ({ anomalies }: Found): number =>
  anomalies.found.filter(({ severity }) => severity === 'high' || severity === 'critical').length;
const laterThan = ({ timeliness }: Found, limit: number): number =>
  [...timeliness.above, ...timeliness.open].filter((entry) => worst(entry) > limit).length;
const baseless = ({ population: { credentials, unrequested } }: Found): number =>
  new Set([...credentials.unapproved, ...unrequested]).size;
const untimely = ({ timeliness: { above, open } }: Found): number => above.length + open.length;
const nameless = ({ grants }: Found): number =>
  grants.filter(
    ({ principal, target, outcome }) => principal === '' || target === '' || outcome === 'undecided',
  ).length;

/** Events that a signed head can cover: in a store also those that are past their retention. */
const coverable = ({ events, logs }: Found['verification']): number =>
  logs.some(({ stored }) => stored) ? logs.reduce((sum, log) => sum + log.events, 0) : events;
const unsignedOf = (verification: Found['verification']): number =>
  Math.max(0, coverable(verification) - verification.logs.reduce((sum, { signed }) => sum + signed, 0));
/** Logs that do not verify. */
const brokenOf = ({ valid, logs }: Found['verification']): number =>
  valid ? 0 : Math.max(1, logs.filter(({ stored }) => stored?.valid === false).length);
const chainOf = ({ verification: { valid, logs }, store }: Found): string => {
  if (!store) return `the chain of hashes ${valid ? 'is whole' : 'is BROKEN'}`;
  return `${figure(logs.filter(({ stored }) => stored?.valid).length)} of ${counted(logs.length, 'log')} whole`;
};

const lengths = ({ access }: Found): string =>
  `median ${lengthOf(access.lengths.p50Ms)}, 95 % at most ${lengthOf(access.lengths.p95Ms)}, longest ${lengthOf(access.lengths.maxMs)}`;

const hour = 3_600_000;

const tests: readonly Test[] = [
  {
    framework: 'SOC 2',
    id: 'CC6.1',
    title: 'Logical access is restricted',
    query:
      'Credentials that were about to be issued; exceptions: those whose grant had not been approved before, or was over, and grants that no request is on record for.',
    count: ['lease.intent'],
    exceptions: baseless,
    result: ({ population: { credentials, denied, requests, unrequested } }) =>
      `${counted(credentials.unapproved.length, 'credential')} without an approved grant; ${counted(unrequested.length, 'grant')} without a request on record; ${figure(denied)} of ${counted(requests, 'request')} denied.`,
    evidence: ['population', 'register'],
    limits: 'Ways into a target that go around jit: standing accounts, shared passwords, consoles.',
  },
  {
    framework: 'SOC 2',
    id: 'CC6.2',
    title: 'Authorised before credentials are issued, removed when no longer authorised',
    query:
      'Credentials confirmed gone at the target; exceptions: those that were listed as late, or should have been gone and were not confirmed gone when the period ended.',
    count: ['lease.revoked'],
    exceptions: untimely,
    result: ({ timeliness: { late, open, overdue, above, thresholdMs } }) =>
      `${counted(late.count, 'credential')} confirmed gone, 95 % at most ${lengthOf(late.p95Ms)} after the deadline, the last ${lengthOf(late.maxMs)} after; ${figure(above.length)} late, or revoked, in more than ${lengthOf(thresholdMs)}; ${figure(overdue)} had been called overdue, ${figure(open.length)} not confirmed gone at the end.`,
    evidence: ['timeliness', 'register'],
    limits:
      'Whether whoever was entitled still should be: joiners and leavers are known to the directory, not to jit.',
  },
  {
    framework: 'SOC 2',
    id: 'CC6.3',
    title: 'Roles, least privilege, segregation of duties',
    query: 'Approved grants, their lengths and whether they were narrowed by a scope.',
    count: ['grant.approved'],
    exceptions: null,
    result: (found) =>
      `${counted(found.population.approved, 'grant')}, each of one role and with an end: ${lengths(found)}; ${share(found.access.scoped, found.population.approved)} narrowed by a scope.`,
    evidence: ['register', 'activity'],
    limits: 'Whether a role holds more rights than the work takes, and whether two duties should be apart.',
  },
  {
    framework: 'ISO 27001:2022',
    id: 'A.5.15',
    title: 'Rules for access control are set and applied',
    query: 'Loads of the policy; exceptions: decisions by a policy whose load is not in the log.',
    queryOfStore:
      'Loads of a policy; exceptions: decisions by a policy whose load is not in the log of that device.',
    count: ['policy.load'],
    exceptions: unknownPolicies,
    result: (found) =>
      `${counted(found.policy.changes.length, 'change')} of the policy; ${counted(unknownPolicies(found), 'decision')} by a policy that the log ${found.store ? 'of that device ' : ''}does not know.`,
    evidence: ['policy'],
    limits:
      'Who changed the policy and who agreed: the history of the file in version control. The log holds its SHA-256.',
  },
  {
    framework: 'ISO 27001:2022',
    id: 'A.5.18',
    title: 'Access rights are provided, reviewed, modified and removed',
    query: 'Requests of the period; exceptions: grants past their deadline that have no end on record.',
    count: ['grant.requested'],
    exceptions: (found) => endless(found).length,
    result: (found) =>
      `${counted(found.population.requests, 'request')}: ${figure(found.population.approved)} approved, ${figure(found.population.denied)} denied, ${figure(found.population.undecided)} undecided; ${counted(found.access.extensions, 'extension')}; ${counted(endless(found).length, 'grant')} past the deadline without an end.`,
    evidence: ['population', 'register'],
    limits: 'Periodic review of entitlements by their owners.',
  },
  {
    framework: 'ISO 27001:2022',
    id: 'A.8.2',
    title: 'Privileged access rights are restricted and managed',
    query:
      'Approved grants with a reason; exceptions: anomalies of high or critical severity, for somebody to look at.',
    count: ['grant.approved'],
    exceptions: grave,
    result: (found) =>
      `A reason stands on ${share(found.access.withReason, found.population.approved)} of ${counted(found.population.approved, 'grant')}, a ticket on ${share(found.access.withTicket, found.population.approved)}; ${counted(grave(found), 'anomaly', 'anomalies')} of high or critical severity.`,
    evidence: ['anomalies', 'register'],
    limits: 'Whether a reason is true. Privileged accounts that jit does not issue.',
  },
  {
    framework: 'ISO 27001:2022',
    id: 'A.8.15',
    title: 'Logs are produced, kept and protected',
    query:
      'Events of the period; exceptions: sequence numbers that no event has, and a log that does not verify.',
    count: 'events',
    exceptions: (found) => gaps(found) + brokenOf(found.verification),
    result: (found) =>
      `${counted(found.population.events, 'event')}, ${counted(gaps(found), 'gap')}; ${chainOf(found)}.`,
    evidence: ['completeness', 'verify'],
    limits:
      'A tail that was cut off, unless a signed head is kept elsewhere. What happens inside of a target: its own log tells.',
  },
  {
    framework: 'NIST 800-53',
    id: 'AC-2',
    title: 'Accounts: temporary ones are removed automatically (AC-2(2), (3))',
    query:
      'Credentials confirmed gone; exceptions: more than 24 hours after the deadline, or after their revocation began.',
    count: ['lease.revoked'],
    exceptions: (found) => laterThan(found, 24 * hour),
    result: (found) =>
      `${counted(laterThan(found, 24 * hour), 'credential')} gone, or still there, more than 24 h after their time, ${figure(laterThan(found, hour))} more than 1 h.`,
    evidence: ['timeliness'],
    limits: 'Accounts that jit did not make.',
  },
  {
    framework: 'NIST 800-53',
    id: 'AC-6',
    title: 'Least privilege; use of privileged functions is logged (AC-6(9))',
    query: 'Credentials handed out, uses that the broker sees, and commands under a grant.',
    count: ['lease.handed_out', 'lease.served', 'command.started'],
    exceptions: null,
    result: (found) =>
      `${counted(eventsOf(found, ['lease.handed_out']), 'credential')} handed out, ${counted(found.access.served, 'use')} served, ${counted(found.access.commands, 'command')} begun.`,
    evidence: ['register'],
    limits:
      'What a command did: statements and calls are in the log of the target, under the name of the credential.',
  },
  {
    framework: 'NIST 800-53',
    id: 'AU-3',
    title: 'Content of audit records: what, when, where, source, outcome, identity',
    query:
      'Requests: each has a principal, a target, a role, a time in UTC, where it came from, and its outcome; exceptions: those without a principal, a target or a decision on record.',
    count: ['grant.requested'],
    exceptions: nameless,
    result: (found) =>
      `${counted(found.population.requests, 'request')}; ${figure(nameless(found))} without a principal, a target or a decision.`,
    evidence: ['register'],
    limits: 'Whether the machine told the truth about who was at the keyboard.',
  },
  {
    framework: 'NIST 800-53',
    id: 'AU-5',
    title: 'Response to failures of logging',
    query:
      'Events that say that the log could not be written or synced, was rolled back or forked, that the shared store lost events, that the broker was probed, or that a message was not delivered.',
    count: failures,
    exceptions: (found) => eventsOf(found, failures),
    result: (found) =>
      `${counted(eventsOf(found, failures), 'such event')}; ${lengthOf(found.operation.unsyncedMs)} in all without the shared store.`,
    evidence: ['operation'],
    limits: 'Times at which no broker ran: nothing is issued then, and nothing is logged.',
  },
  {
    framework: 'NIST 800-53',
    id: 'AU-8',
    title: 'Time stamps',
    query: 'Steps of the clock that the broker saw.',
    count: ['clock.step'],
    exceptions: ({ operation }) => operation.clock.length,
    result: ({ operation, verification, store }) =>
      `${counted(operation.clock.length, 'step')} of the clock; in ${store ? 'all that is there of each log' : 'the whole log'} ${counted(verification.clockSteps, 'event')} earlier than the one before. Times are UTC, to the millisecond.`,
    evidence: ['operation'],
    limits: 'How far the clock of the machine is from true time.',
  },
  {
    framework: 'NIST 800-53',
    id: 'AU-9(3), AU-10',
    title: 'Cryptographic protection of audit records; non-repudiation',
    query:
      'Verification of the whole log: bytes, hashes, tree, signed heads, keys; exceptions: a log that does not verify, and events that no signed head covers.',
    queryOfStore:
      'Verification of all that is there of every log: bytes, hashes, trees, signed heads, keys; exceptions: logs that do not verify, and events that no signed head covers.',
    count: 'valid',
    exceptions: ({ verification }) => brokenOf(verification) + unsignedOf(verification),
    result: ({ verification }) =>
      `${verification.valid ? 'Valid' : 'NOT valid'}; ${figure(coverable(verification) - unsignedOf(verification))} of ${counted(coverable(verification), 'event')} covered by a signed head.`,
    evidence: ['completeness', 'verify'],
    limits: 'That the key was not stolen: what is kept elsewhere bounds what a thief could rewrite.',
  },
  {
    framework: 'FedRAMP 2026',
    id: 'KSI-IAM-JIT',
    title: 'Authorisation is least-privileged, role- and attribute-based and just-in-time',
    query:
      'Approved grants: by which entitlements, for how long; exceptions: grants without a deadline, credentials without an approved grant, and those still there after their time.',
    count: ['grant.approved'],
    exceptions: (found) => endlessly(found) + baseless(found) + found.timeliness.open.length,
    result: (found) =>
      `${counted(found.population.approved, 'grant')} by ${counted(found.activity.entitlements.length, 'entitlement')} to ${counted(found.activity.people.length, 'principal')}, ${lengths(found)}.`,
    evidence: ['activity', 'policy', 'register'],
    limits: 'Standing privileges: that there are none beside jit has to be shown at each target.',
  },
];

const endlessly = ({ grants }: Found): number =>
  grants.filter(({ outcome, deadlineAt }) => outcome === 'approved' && deadlineAt === null).length;

function endless({ grants, period }: Found): Found['grants'] {
  return grants.filter(
    ({ outcome, endedAt, deadlineAt }) =>
      outcome === 'approved' && endedAt === null && (deadlineAt ?? 0) < period.to,
  );
}
