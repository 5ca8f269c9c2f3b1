// Watches the broker's own log: runs the anomaly rules over it, writes down what they find, ends what a rule of mode
// `revoke` points at, and tells people. Follows the log by its rows, so it sees what is on disk and nothing else, and is
// never inside of the transaction that it sees. Must not: keep anybody waiting.

import type { EventData, StoredEvent } from '../audit/event.ts';
import { anomalyData, createWatch, type Found, idOf, type Watch } from '../audit/rules/engine.ts';
import type { Alert, AlertChannel } from '../core/alert.ts';
import { type AnomalySettings, usualAnomalySettings } from '../core/anomaly.ts';
import { toJitError } from '../core/errors.ts';
import type { Instant, Milliseconds } from '../core/time.ts';
import { newsOf } from './alerts/alert-of.ts';
import { createAlerts } from './alerts/alerts.ts';
import type { Placed } from './alerts/late.ts';
import type { SendTools } from './alerts/send.ts';
import { unlessUnlikely } from './alerts/unlikely.ts';
import type { Broker } from './broker.ts';
import { eventsAfter, lastRow, numbered, rowBefore } from './log-reader.ts';
import { kinds } from './providers.ts';
import { endGrant } from './revocation.ts';

/** What of a configuration is about watching. */
export interface WatchSettings {
  readonly anomalies: AnomalySettings;
  /** null: the configuration cannot be read, and those that are in use stay. */
  readonly alerts: readonly AlertChannel[] | null;
}

/** A broker's watching. */
export interface Watching {
  /** Runs by these from now on. Never throws. */
  configure(settings: WatchSettings): void;
  /** Settles when everything that is on disk has been seen, and what follows from that has been written. */
  caughtUp(): Promise<void>;
  /** Sees the rest and sends what waits for so long at most. Never throws. */
  close(patience: Milliseconds): Promise<void>;
}

const day = 24 * 3600_000;
/** What the rules know of a principal's habits at the start, or as much more as one of them is set to remember. */
const usualLookBack: Milliseconds = 90 * day;
/** A log that was flooded must not keep the broker busy for minutes at each start. */
const mostReplayed = 200_000;
/** Some milliseconds of work; a request waits for no more than that. */
const slice = 100;

/**
 * Begins with what this broker has written so far; what was there before is only learnt from. Nothing is read before
 * there are settings, or something is open that rules are about.
 */
export function startWatching(broker: Broker, tools: SendTools): Watching {
  const { ledger, clock, log } = broker;
  const { store } = ledger;
  const alerts = createAlerts(broker, tools);
  let isStopped = false;
  let settings: AnomalySettings | null = null;
  let watch: Watch | null = null;
  let hasLearnt = false;
  /** The last row that was seen. */
  let cursor = firstOwnRow(broker) - 1;
  let running: Promise<void> | null = null;
  let cancelTick = (): void => undefined;

  /** One after the other, however often it is asked for. */
  function pump(): Promise<void> {
    running ??= work()
      .catch((thrown: unknown) => log.error(`watching the log: ${toJitError(thrown).message}`, thrown))
      .finally(() => {
        running = null;
      });
    return running;
  }

  async function work(): Promise<void> {
    // Not in the turn of whoever has just written.
    await nextTurn();
    while (!isStopped && settings !== null) {
      if (watch === null) await learn(settings);
      if (alerts.owedAfter !== null) await tellLate(alerts.owedAfter);
      const isDone = step();
      if (isDone) return;
      await nextTurn();
    }
  }

  /** Answers true when there was nothing to see any more. */
  function step(): boolean {
    if (watch === null) return false;
    const events = eventsAfter(store, cursor, slice);
    const { see } = watch;
    for (const event of events) {
      cursor = event.row;
      for (const found of unlessUnlikely(log, event.body, [], () => see(event.body))) act(broker, found);
      const alert = newsIn(event);
      if (alert !== null) alerts.tell(alert, event.row);
    }
    alerts.seen(cursor);
    if (events.length > 0) return false;
    const late = watch.tick(clock.now());
    for (const found of late) act(broker, found);
    return late.length === 0;
  }

  function newsIn({ body }: StoredEvent): Alert | null {
    const find = (origin: string, seq: string) => numbered(store, origin, seq);
    const alert = unlessUnlikely(log, body, null, () => newsOf(body, find));
    // It leaves this machine, perhaps, and a reason may hold what it should not.
    return alert && { ...alert, text: broker.redact(alert.text) };
  }

  /** What the broker before was killed over, or had no time left for: it is all in the log. */
  async function tellLate(after: number): Promise<void> {
    const readAfter = Math.max(after, cursor - mostReplayed);
    const found: Placed[] = [];
    for (let row = readAfter; row < cursor && !isStopped; ) {
      const events = eventsAfter(store, row, Math.min(slice, cursor - row));
      row = events.at(-1)?.row ?? cursor;
      for (const event of events) {
        const alert = newsIn(event);
        if (alert !== null) found.push({ alert, row: event.row });
      }
      await nextTurn();
    }
    if (!isStopped) alerts.late(found, readAfter);
  }

  async function learn(by: AnomalySettings): Promise<void> {
    const fresh = createWatch(by);
    // The broker before this one may have been killed with something found and not written down. Other settings, later,
    // are for what comes.
    const tellFrom = hasLearnt ? clock.now() : lostSince(broker, cursor);
    const range = { last: cursor, lookBack: lookBackOf(by), tellFrom };
    const { missed, unended } = await replay(broker, fresh, range, () => isStopped || settings !== by);
    if (isStopped || settings !== by) return;
    watch = fresh;
    hasLearnt = true;
    for (const grant of unended) if (isOn(broker, grant)) void endGrant(broker, grant, 'anomaly');
    for (const found of missed) act(broker, found);
  }

  function tick(): void {
    if (isStopped) return;
    cancelTick = clock.after(broker.timing.tick, tick);
    void pump();
  }

  const stopListening = ledger.onWrite(() => {
    if (settings !== null && !isStopped) void pump();
  });

  return {
    configure({ anomalies, alerts: channels }) {
      if (channels !== null) alerts.use(channels, cursor);
      if (JSON.stringify(anomalies) === JSON.stringify(settings)) return;
      const isFirst = settings === null;
      settings = anomalies;
      watch = null;
      if (isFirst) tick();
      else void pump();
    },
    async caughtUp() {
      while (running !== null || (settings !== null && cursor < lastRow(store))) await pump();
    },
    async close(patience) {
      cancelTick();
      stopListening();
      if (settings !== null && !isStopped) await within(broker, patience, pump());
      isStopped = true;
      await alerts.close(patience);
    },
  };
}

/**
 * The settings where nobody has asked for anything yet. A log that takes no new configuration, or a file that is broken,
 * does not keep people from being told what is wrong.
 */
export async function watchSettings({ policy }: Broker): Promise<WatchSettings> {
  try {
    return await policy.config();
  } catch {
    try {
      const { readConfig } = await import('./read-config.ts');
      return readConfig(policy.path, kinds);
    } catch {
      return { anomalies: usualAnomalySettings, alerts: null };
    }
  }
}

/** The first row that this broker wrote: its start, and what the store had to say of itself just before. */
function firstOwnRow({ ledger }: Broker): number {
  const newest = ledger.store.events({ limit: 20 });
  const start = newest.findLastIndex(({ body }) => body.type === 'broker.start');
  const end = start === -1 ? newest.length : start;
  let first = end;
  while (first > 0 && /^(log|key)\./.test(newest[first - 1]?.body.type ?? '')) first -= 1;
  return newest[first]?.row ?? (newest.at(-1)?.row ?? -1) + 1;
}

/**
 * Since when something may have been found that is not on record: since the broker before this one began, or now, when
 * there was none, or when it ended as it should and so had seen everything.
 * @param last the row before the first of this broker
 */
function lostSince({ ledger, clock, startedAt }: Broker, last: number): Instant {
  const [before] = eventsAfter(ledger.store, last - 1, 1);
  if (last < 0 || before?.body.type === 'broker.stop') return clock.now();
  const starts = ledger.store
    .events({ type: 'broker.start', limit: 2 })
    .map(({ body }) => Date.parse(body.ts));
  return starts.filter((at) => at < startedAt).at(-1) ?? clock.now();
}

function lookBackOf(settings: AnomalySettings): Milliseconds {
  const remembered = (['first-time', 'activation-burst', 'reason-reuse'] as const).map((rule) =>
    settings[rule].mode === 'off' ? 0 : settings[rule].within,
  );
  return Math.max(usualLookBack, ...remembered);
}

interface Range {
  readonly last: number;
  readonly lookBack: Milliseconds;
  readonly tellFrom: Instant;
}

/** What is left over from the broker before. */
interface Left {
  /** Found lately, and not on record. */
  readonly missed: readonly Found[];
  /** Grants that were to be ended, by the record. */
  readonly unended: ReadonlySet<string>;
}

/** Learns the past up to `last`, a slice at a time. */
async function replay(
  broker: Broker,
  watch: Watch,
  { last, lookBack, tellFrom }: Range,
  isOver: () => boolean,
): Promise<Left> {
  const { store } = broker.ledger;
  const missed = new Map<string, Found>();
  const unended = new Set<string>();
  const since = Math.min(last, rowBefore(store, broker.clock.now() - lookBack));
  let row = Math.max(since, last - mostReplayed);
  // How old the log is, for rules that are silent in a young one; where more was left out than time, it is young to them.
  if (row >= 0 && row === since)
    for (const { body } of eventsAfter(store, -1, 1))
      unlessUnlikely(broker.log, body, [], () => watch.see(body));
  while (row < last && !isOver()) {
    const events = eventsAfter(store, row, Math.min(slice, last - row));
    row = events.at(-1)?.row ?? last;
    for (const { body } of events)
      unlessUnlikely(broker.log, body, undefined, () => {
        for (const found of watch.replay([body], tellFrom)) missed.set(idOf(found, found.origin), found);
        if (body.type !== 'anomaly.found') return;
        const recorded = body.data as unknown as EventData['anomaly.found'];
        missed.delete(idOf(recorded, body.origin));
        if (recorded.action === 'revoke' && body.grant !== undefined) unended.add(body.grant);
      });
    await nextTurn();
  }
  return { missed: [...missed.values()], unended };
}

/** Whether there is something to end: what was denied never began. */
function isOn({ ledger }: Broker, grant: string): boolean {
  return ledger.activeGrants().some(({ id }) => id === grant);
}

/** On record first. The alert follows from the record, when that comes by. */
function act(broker: Broker, found: Found): void {
  const { principal, target, grant, lease } = found;
  const ends = found.action === 'revoke' && grant !== undefined && isOn(broker, grant);
  const action = found.action === 'revoke' && !ends ? 'notify' : found.action;
  const data = anomalyData({ ...found, action });
  broker.ledger.writeRevocation({
    events: [
      {
        type: 'anomaly.found',
        at: broker.clock.now(),
        ...(principal !== undefined && { principal }),
        ...(target !== undefined && { target }),
        ...(grant !== undefined && { grant }),
        ...(lease !== undefined && { lease }),
        data,
      },
    ],
  });
  broker.log.warn(`anomaly ${found.rule} (${found.severity}): ${found.why}`);
  if (ends) void endGrant(broker, grant, 'anomaly');
}

/** Lets everything go first that waits for its turn. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function within(broker: Broker, patience: Milliseconds, work: Promise<void>): Promise<void> {
  return Promise.race([work, new Promise<void>((resolve) => broker.clock.after(patience, resolve))]);
}
