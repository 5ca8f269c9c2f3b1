// The register of grants, and a sample of it with the events that prove each step.

import { reportCommand } from '../commands.ts';
import { bad, type Cell, type Printing, type Section, text } from '../document.ts';
import type { GrantEntry, LeaseEntry } from '../entries.ts';
import type { Report } from '../report.ts';
import { counted, figure, lengthOf, timeText } from '../words.ts';

/** Grants that a person would still look through. */
const most = 250;

/** Drawn at random, with proof of each step. */
export function sample({ grants, sample: drawn }: Report): Section {
  const byId = new Map(grants.map((grant) => [grant.id, grant]));
  const chosen = drawn.grants.flatMap((id) => byId.get(id) ?? []);
  return {
    id: 'sample',
    title: 'Sample for testing',
    blocks: [
      text(
        `${counted(chosen.length, 'request')} drawn with the seed "${drawn.seed}": those whose SHA-256 of "${drawn.seed}:<grant>" is smallest, in that order. The numbers are those of events: "jit audit prove <number>" writes a proof of each.`,
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
  const [lease] = grant.leases;
  return [
    { code: id },
    principal,
    roleOf(grant),
    reason,
    step(requestedAt, requestedEvent),
    step(decidedAt, decidedEvent, outcome),
    lease ? step(lease.issuedAt, lease.issuedEvent) : null,
    lease ? goneCell(lease) : null,
    lease ? lengthOf(lease.lateMs) : null,
  ];
}

const step = (at: number | null, event: string | null, ...before: string[]): Cell =>
  at === null ? 'not on record' : { lines: [...before, timeText(at), `event ${event}`] };

const goneCell = ({ revokedAt, revokedEvent }: LeaseEntry): Cell =>
  revokedAt === null ? bad('not on record') : step(revokedAt, revokedEvent);

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
        rows: rowsOf(isCut ? shown.toReversed() : shown),
        empty: 'There is none.',
      },
    ],
  };
}

function* rowsOf(grants: readonly GrantEntry[]): Generator<Cell[]> {
  for (const grant of grants) yield registerRow(grant);
}

function registerRow(grant: GrantEntry): Cell[] {
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
  const last = grant.leases.at(-1);
  const why = [reason, ticket === null ? null : `[${ticket}]`].filter((one) => one !== null).join(' ');
  return [
    `${timeText(requestedAt)}${grant.isCarried ? ' (before the period)' : ''}`,
    { code: id },
    principal,
    roleOf(grant),
    outcome === 'denied' ? `denied (${code})` : outcome,
    entitlement,
    approvedMs === null ? null : lengthOf(approvedMs),
    why,
    endedAt === null ? null : timeText(endedAt),
    cause,
    last?.revokedAt ? timeText(last.revokedAt) : null,
    last ? lengthOf(last.lateMs) : null,
  ];
}
