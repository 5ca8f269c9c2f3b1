// Tells people: one queue per channel of the configuration, and how far each was told, so that the broker after a crash goes
// on from there. An outage is one event of the log, not one per alert.

import type { Alert, AlertChannel } from '../../core/alert.ts';
import type { ErrorCode, JitError } from '../../core/errors.ts';
import type { Milliseconds } from '../../core/time.ts';
import type { Broker } from '../broker.ts';
import { lateAlerts, type Placed } from './late.ts';
import { matchChannels } from './match.ts';
import { type AlertQueue, createQueue } from './queue.ts';
import { lineFor, type SendTools, sendAlert } from './send.ts';
import { markOf, readTold, type ToldChannel, writeTold } from './told.ts';

/** The alerts of one broker. */
export interface Alerts {
  /**
   * The channels from now on. What waits for one goes on waiting; where its address was replaced, it goes to the new one.
   * What waits for one that is gone is dropped, and that is told.
   * @param seen the last row of the log that was looked at: what comes after it is for new channels, too
   */
  use(channels: readonly AlertChannel[], seen: number): void;
  /** Alerts after this row may not have got through in the broker before; null: there are none, or no channels yet. */
  readonly owedAfter: number | null;
  /**
   * Those that were found there, in order; for each channel what it was not told of.
   * @param readAfter the row after which the log was looked through
   */
  late(found: readonly Placed[], readAfter: number): void;
  /** Never waits, never throws. `row`: that of the event in the log. */
  tell(alert: Alert, row: number): void;
  /** Everything up to this row has been looked at. */
  seen(row: number): void;
  /** Gives what waits so much time, then lets go: the next broker goes on. Never throws. */
  close(patience: Milliseconds): Promise<void>;
}

interface Way {
  readonly name: string;
  readonly mark: string;
  /** Told up to this row when it began. */
  readonly row: number;
  readonly line: Line;
}

/** What outlasts a change of the channel's name or address. */
interface Line {
  to: AlertChannel;
  code: ErrorCode | null;
  readonly queue: AlertQueue;
}

/** How far people were told is noted after so many rows with nothing to tell, too: the next start reads no more. */
const rowsPerNote = 10_000;

/** No channels yet. */
export function createAlerts(broker: Broker, tools: SendTools): Alerts {
  const { clock, log } = broker;
  const file = broker.paths.alerted;
  const { origin } = broker.ledger.store;
  let ways: readonly Way[] | null = null;
  /** Of no channel any more; what waited for them is not known yet. */
  let gone: readonly ToldChannel[] = [];
  /** What the broker before left has not been looked for. */
  let owes = true;
  let seenRow = -1;
  let notedRow = -1;
  /** Where it cannot be read how far people were told: from here on they may not have been. */
  let seenBefore: number | null = null;
  let noted = '[]';
  let canNote = true;
  let isClosed = false;

  function open(to: AlertChannel, missed: number): Line {
    const line: Line = {
      ...{ to, code: null },
      queue: createQueue({
        ...{ clock, missed, settled: note },
        async send(alert, signal) {
          const channel = line.to;
          await sendAlert(channel, alert, tools, signal);
          log.info(lineFor(channel, alert));
        },
        worked: () => mark(null),
        failed(error, isFirst) {
          mark(error.code);
          noteFailure(broker, line.to, error, isFirst);
        },
      }),
    };
    function mark(code: ErrorCode | null): void {
      // One that is gone may have been under way.
      if (!ways?.some((way) => way.line === line)) return;
      line.code = code;
      broker.alerting.set(line.to.name, { code, dropped: 0 });
    }
    return line;
  }

  function placeOf({ name, mark, row, line }: Way): ToldChannel {
    const { next, waiting, missed } = line.queue.told;
    return { mark, name, row: owes ? row : (next ?? seenRow + 1) - 1, missed, waiting };
  }

  /** All that depends on it is that nobody is told twice: a full disk keeps nobody from being told. */
  function note(): void {
    if (isClosed || ways === null) return;
    const channels = [...ways.map(placeOf), ...gone];
    const text = JSON.stringify(channels);
    notedRow = seenRow;
    if (text === noted) return;
    try {
      writeTold(file, origin, channels);
      noted = text;
      canNote = true;
    } catch (thrown) {
      if (canNote) log.warn('cannot note how far people were told: some may be told again', thrown);
      canNote = false;
    }
  }

  function remembered(): readonly ToldChannel[] {
    try {
      const channels = readTold(file, origin) ?? [];
      noted = JSON.stringify(channels);
      return channels;
    } catch (thrown) {
      log.warn('cannot read how far people were told: all of the broker before is told again', thrown);
      const starts = broker.ledger.store.events({ type: 'broker.start', limit: 2 });
      const [before, own] = starts.map(({ row }) => row - 1);
      if (before !== undefined && own !== undefined) seenBefore = Math.min(seenRow, before);
      return [];
    }
  }

  function tellDropped(name: string, count: number): void {
    if (count === 0) return;
    const code = 'ERR_UNKNOWN_NAME';
    broker.alerting.set(`${name} (removed)`, { code, dropped: count });
    log.warn(`${name} is in the configuration no more: ${count} alerts that had not got through are dropped`);
    broker.ledger.writeRevocation({
      events: [{ type: 'notify.failed', at: clock.now(), data: { channel: name, code } }],
    });
  }

  function dropLeft(left: readonly (Way | ToldChannel)[]): void {
    for (const one of left) {
      if (!('line' in one)) continue;
      const { waiting, missed } = one.line.queue.told;
      one.line.queue.stop();
      if (!owes) tellDropped(one.name, waiting + missed);
    }
    if (owes) gone = left.map((one) => ('line' in one ? placeOf(one) : one));
  }

  return {
    use(channels, seen) {
      if (ways === null) seenRow = notedRow = seen;
      // A log that was put back ends before the place that was noted.
      const known: readonly (Way | ToldChannel)[] = ways
        ? [...ways, ...gone]
        : remembered().map((one) => ({ ...one, row: Math.min(one.row, seen) }));
      const wanted = channels.map((channel) => ({ name: channel.name, mark: markOf(channel, origin) }));
      const { of, left } = matchChannels(wanted, known);
      const next = channels.map((to, index): Way => {
        const before = of[index] ?? null;
        const line = before !== null && 'line' in before ? before.line : open(to, before?.missed ?? 0);
        line.to = to;
        return { name: to.name, mark: markOf(to, origin), row: before?.row ?? seenBefore ?? seenRow, line };
      });
      seenBefore = null;
      dropLeft(left);
      ways = next;
      const names = new Map(next.map(({ name, line }) => [name, line.code]));
      for (const [name, { dropped }] of broker.alerting) if (dropped === 0) broker.alerting.delete(name);
      for (const [name, code] of names) broker.alerting.set(name, { code, dropped: 0 });
      note();
    },
    get owedAfter() {
      if (ways === null || !owes) return null;
      return Math.min(seenRow, ...[...ways, ...gone].map(({ row }) => row));
    },
    late(found, readAfter) {
      for (const { row, line } of ways ?? []) {
        const own = found.filter((one) => one.row > row);
        const unread = Math.max(0, readAfter - row);
        for (const one of lateAlerts(own, unread, row + 1, clock.now())) line.queue.push(one.alert, one.row);
      }
      for (const { name, row, missed } of gone)
        tellDropped(name, found.filter((one) => one.row > row).length + missed);
      gone = [];
      owes = false;
      note();
    },
    tell(alert, row) {
      for (const { line } of ways ?? []) line.queue.push(alert, row);
    },
    seen(row) {
      seenRow = row;
      if (row - notedRow >= rowsPerNote) note();
    },
    async close(patience) {
      const queues = (ways ?? []).map(({ line }) => line.queue);
      const late = new Promise<void>((resolve) => broker.clock.after(patience, resolve));
      // The clock's timers keep no process alive, and this one is about to end.
      const stayAlive = setInterval(() => undefined, 60_000);
      await Promise.race([Promise.all(queues.map((queue) => queue.idle())), late]);
      clearInterval(stayAlive);
      note();
      isClosed = true;
      for (const queue of queues) queue.stop();
    },
  };
}

function noteFailure(broker: Broker, { name }: AlertChannel, error: JitError, isFirst: boolean): void {
  broker.log.warn(`an alert by ${name} did not get through: ${error.message}`);
  if (!isFirst) return;
  broker.ledger.writeRevocation({
    events: [{ type: 'notify.failed', at: broker.clock.now(), data: { channel: name, code: error.code } }],
  });
}
