// The register of grants, and a sample of it with the events that prove each step.

import { reportCommand } from '../commands.ts';
import { bad, type Cell, type Printing, type Section, text } from '../document.ts';
import type { GrantEntry, LeaseEntry } from '../entries.ts';
import type { Period, Report } from '../report.ts';
import { counted, figure, lengthOf, timeText } from '../words.ts';

/** Grants that a person would still look through. */
const most = 250;

/** Drawn at random, with proof of each step. */
export function sample({ grants, sample: drawn, store, verification }: Report): Section {
  const proof = store
    ? 'Events are named with their log: "jit audit prove <log>:<number> --store" writes a proof of each.'
    : 'The numbers are those of events: "jit audit prove <number>" writes a proof of each.';
  const choice = verification.head.startsWith(drawn.seed)
    ? 'The seed is the start of the hash of the last event: let the auditor name another (--seed), so that nobody had the draw in hand. '
    : '';
  const wanted = new Set(drawn.grants);
  // More than one only where a device has used the name of another's.
  const byId = Map.groupBy(
    grants.filter(({ id }) => wanted.has(id)),
    ({ id }) => id,
  );
  const chosen = drawn.grants.flatMap((id) => byId.get(id) ?? []);
  return {
    id: 'sample',
    title: 'Sample for testing',
    blocks: [
      text(
        `${counted(chosen.length, 'request')} drawn with the seed "${drawn.seed}": those whose SHA-256 of "${drawn.seed}:<grant>" is smallest, in that order. ${choice}${proof}`,
      ),
      {
        kind: 'table',
        caption: 'Sampled requests, from request to confirmed removal',
        columns: ['Grant', 'Principal', 'Role', 'Reason', 'Requested', 'Decided', 'Issued', 'Gone', 'Late#'],
        rows: chosen.map(sampleRow),
        empty: 'There is nothing to draw from.',
      },
    ],
  };
}

function sampleRow(grant: GrantEntry): Cell[] {
  const { id, principal, reason, requestedAt, requestedEvent, decidedAt, decidedEvent, outcome } = grant;
  const { leases } = grant;
  return [
    { code: id },
    principal,
    roleOf(grant),
    reason,
    lines(step(requestedAt, requestedEvent)),
    lines([outcome, ...step(decidedAt, decidedEvent)]),
    lines(leases.flatMap(({ issuedAt, issuedEvent }) => step(issuedAt, issuedEvent))),
    goneCell(leases),
    lines(leases.map(({ lateMs }) => lengthOf(lateMs))),
  ];
}

const step = (at: number | null, event: string | null): string[] =>
  at === null ? ['not on record'] : [timeText(at), `event ${event}`];

const lines = (all: readonly string[]): Cell => (all.length === 0 ? null : { lines: all });

/** Of all credentials; that one is not gone is not to be overlooked. */
function goneCell(leases: readonly LeaseEntry[]): Cell {
  const missing = leases.filter(({ revokedAt }) => revokedAt === null).length;
  if (missing > 0 && missing === leases.length) return bad('not on record');
  if (missing > 0) return bad(`${figure(missing)} of ${figure(leases.length)} not on record`);
  return lines(leases.flatMap(({ revokedAt, revokedEvent }) => step(revokedAt, revokedEvent)));
}

const roleOf = ({ target, role, scope }: GrantEntry): string =>
  `${target}:${role}${scope === null ? '' : ` (${scope})`}`;

/** All of them, or the newest and where the others are. */
export function register(report: Report, { isWhole }: Printing): Section {
  const { grants } = report;
  const shown = isWhole || grants.length <= most ? grants : grants.slice(-most);
  const isCut = shown.length < grants.length;
  return {
    id: 'register',
    title: 'Register of grants',
    blocks: [
      text(
        `${counted(grants.length, 'entry', 'entries')}: every request of the period, and every grant that was there when it began.`,
      ),
      ...(isCut
        ? [
            text(
              `The newest ${figure(shown.length)} are here. All ${figure(grants.length)} are in the report as JSON or Markdown:`,
            ),
            {
              kind: 'commands',
              lines: [`${reportCommand(report)} --format json --output register.json`],
            } as const,
          ]
        : []),
      {
        kind: 'table',
        caption: isCut
          ? `The newest ${figure(shown.length)} grants, newest first`
          : 'Grants in order of request',
        columns: [
          'Requested (UTC)',
          'Grant',
          'Principal',
          'Role',
          'Outcome',
          'By',
          'For#',
          'Reason',
          'Ended (UTC)',
          'Why it ended',
          'Gone (UTC)',
          'Late#',
        ],
        rows: rowsOf(isCut ? shown.toReversed() : shown, report.period),
        empty: 'There is none.',
      },
    ],
  };
}

function* rowsOf(grants: readonly GrantEntry[], period: Period): Generator<Cell[]> {
  for (const grant of grants) yield registerRow(grant, period);
}

function registerRow(grant: GrantEntry, { to }: Period): Cell[] {
  const {
    id,
    principal,
    requestedAt,
    outcome,
    code,
    entitlement,
    approvedMs,
    reason,
    ticket,
    endedAt,
    cause,
  } = grant;
  const { leases, extensions } = grant;
  const why = [reason, ticket === null ? null : `[${ticket}]`].filter((one) => one !== null).join(' ');
  return [
    `${timeText(requestedAt)}${grant.isCarried ? ' (before the period)' : ''}`,
    { code: id },
    principal,
    roleOf(grant),
    outcome === 'denied' ? `denied (${code})` : outcome,
    entitlement,
    approvedMs === null ? null : `${lengthOf(approvedMs)}${extensions === 0 ? '' : ` + ${extensions}×`}`,
    why,
    endedAt === null ? null : timeText(endedAt),
    cause,
    isActive(grant, to) ? 'still active' : allGone(leases),
    leases.every(({ revokedAt }) => revokedAt !== null) ? latest(leases) : null,
  ];
}

/** Its time is not over: that its credentials are there is as it should be. */
const isActive = ({ outcome, endedAt, deadlineAt }: GrantEntry, to: number): boolean =>
  outcome === 'approved' && endedAt === null && (deadlineAt ?? 0) > to;

/** When the last credential was gone. */
function allGone(leases: readonly LeaseEntry[]): Cell {
  if (leases.some(({ revokedAt }) => revokedAt === null)) return bad('not confirmed');
  return leases.length === 0 ? null : timeText(Math.max(...leases.map(({ revokedAt }) => revokedAt ?? 0)));
}

const latest = (leases: readonly LeaseEntry[]): Cell =>
  leases.length === 0 ? null : lengthOf(Math.max(...leases.map(({ lateMs }) => lateMs ?? 0)));
