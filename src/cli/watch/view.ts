// What `jit watch` shows, as lines. Pure: the same state at the same moment is the same picture.

import { mostTelling } from '../../core/anomaly.ts';
import type { Instant } from '../../core/time.ts';
import type { StatusReply } from '../../protocol/routes.ts';
import type { FollowReply } from '../../protocol/usage.ts';
import { anomalyLine } from '../anomaly-text.ts';
import { type Paint, paintFor } from '../colour.ts';
import { escapeText } from '../escape.ts';
import { eventRow, providersOf } from '../event-text.ts';
import { findingLine, grantTable } from '../grant-text.ts';
import type { ListOutput } from '../listing.ts';
import { logLines } from '../log-text.ts';
import { table } from '../table.ts';
import { clockText, stampText } from '../time-text.ts';

/** What is known of the broker. */
export interface Watched {
  readonly status: StatusReply;
  /** The newest last. */
  readonly events: FollowReply['events'];
  /** Since when no broker answers; null: one does. */
  readonly lostAt: Instant | null;
}

/** Where and when it is shown. */
export interface Frame {
  readonly now: Instant;
  readonly rows: number;
  readonly out: ListOutput;
  /** The grant around this shell. */
  readonly own: string | null;
}

/** Most lines of what is over; the grants and what is overdue are all shown. */
const mostPast = 5;

/** The picture, at most `rows` lines; what is left of the screen holds the newest events. */
export function watchLines({ status, events, lostAt }: Watched, frame: Frame): string[] {
  const { now, rows, out, own } = frame;
  const { paint } = out;
  const { grants, recentFindings, recentAnomalies } = status;
  const overdue = status.overdue === 0 ? [] : [paint.alarm(`OVERDUE: ${status.overdue}`)];
  const head = [paint.strong('jit watch'), clockText(now, now), escapeText(status.principal), ...overdue];
  const lost =
    lostAt === null
      ? []
      : [paint.alarm(`no broker answers since ${clockText(lostAt, now)}; this is what was known then`)];
  const lines = [
    `${head.join('  ')}  ${paint.faint('q quits')}`,
    ...lost,
    ...logLines(status.auditLog, now, paint),
    '',
    ...(grants.length === 0 ? ['no active grants'] : grantTable(grants, now, out, own)),
    ...section(
      paint,
      'Anomalies',
      mostTelling(recentAnomalies, mostPast).map((one) => anomalyLine(one, now, paint)),
      recentAnomalies.length,
    ),
    ...section(
      paint,
      'Found left behind',
      recentFindings.slice(-mostPast).map((one) => findingLine(one, now)),
      recentFindings.length,
    ),
  ];
  if (lines.length > rows)
    return [...lines.slice(0, rows - 1), paint.faint(`… ${lines.length - rows + 1} more lines`)];
  const room = rows - lines.length - 2;
  if (room < 1 || events.length === 0) return lines;
  const providers = providersOf(events);
  const newest = table(events.slice(-room).map((event) => withClock(event, eventRow(event, providers), now)));
  return [...lines, '', paint.faint('Latest events'), ...newest];
}

/** The newest are of today: the time of day will do. */
function withClock({ body }: FollowReply['events'][number], row: string[], now: Instant): string[] {
  const at = typeof body.ts === 'string' ? Date.parse(body.ts) : Number.NaN;
  return Number.isNaN(at) ? row : [clockText(at, now), ...row.slice(1)];
}

function section(paint: Paint, title: string, lines: readonly string[], all: number): string[] {
  if (lines.length === 0) return [];
  const more = all > lines.length ? ` (${lines.length} of ${all})` : '';
  return ['', paint.caution(`${title}${more}`), ...lines.map((line) => `  ${line}`)];
}

const noPaint = paintFor({ env: {}, isTTY: false, flag: false });

/** The name of what {@link plainLines} says of the log. */
export const logName = 'the audit log';

/** Without a screen: what there is to say of each thing, by a name for it. A line that is new or another is worth printing. */
export function plainLines(status: StatusReply): Map<string, string> {
  const { grants, recentFindings, recentAnomalies } = status;
  const lines = new Map<string, string>();
  const log = logLines(status.auditLog, status.now, noPaint);
  if (log.length > 0) lines.set(logName, log.join('; '));
  for (const grant of grants) {
    const name = `${escapeText(grant.target)}:${escapeText(grant.role)}`;
    const until = grant.deadline === null ? '' : ` until ${stampText(grant.deadline)}`;
    lines.set(
      grant.id,
      `${grant.state} ${name} ${escapeText(grant.id)} of ${escapeText(grant.principal)}${until}`,
    );
    for (const lease of grant.leases.filter(({ state }) => state === 'overdue')) {
      const access = lease.accessEndedAt === null ? 'access may go on' : 'access has ended, clean-up remains';
      lines.set(lease.id, `OVERDUE ${name} ${escapeText(grant.id)}: ${escapeText(lease.name)}, ${access}`);
    }
  }
  for (const one of recentFindings)
    lines.set(
      `finding ${one.foundAt} ${one.where} ${one.detail}`,
      `left behind: ${findingLine(one, one.foundAt)}`,
    );
  for (const one of recentAnomalies)
    lines.set(
      `anomaly ${one.foundAt} ${one.rule} ${one.why}`,
      `anomaly: ${escapeText(one.rule)}, ${one.severity}: ${escapeText(one.why)}`,
    );
  return lines;
}
