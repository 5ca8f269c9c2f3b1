// Tells people: one queue per channel of the configuration. An outage is one event of the log, not one per alert.

import type { Alert, AlertChannel } from '../../core/alert.ts';
import type { JitError } from '../../core/errors.ts';
import type { Milliseconds } from '../../core/time.ts';
import type { Broker } from '../broker.ts';
import { type AlertQueue, createQueue } from './queue.ts';
import { lineFor, type SendTools, sendAlert } from './send.ts';

/** The alerts of one broker. */
export interface Alerts {
  /** The channels from now on; what waits for one that stays as it is goes on waiting. */
  use(channels: readonly AlertChannel[]): void;
  /** Never waits, never throws. */
  tell(alert: Alert): void;
  /** Gives what waits so much time, then lets go. Never throws. */
  close(patience: Milliseconds): Promise<void>;
}

/** No channels yet. */
export function createAlerts(broker: Broker, tools: SendTools): Alerts {
  let open = new Map<string, { readonly channel: AlertChannel; readonly queue: AlertQueue }>();

  function queueOf(channel: AlertChannel): AlertQueue {
    return createQueue({
      clock: broker.clock,
      send: async (alert, signal) => {
        await sendAlert(channel, alert, tools, signal);
        broker.log.info(lineFor(channel, alert));
      },
      worked: () => broker.alerting.set(channel.name, null),
      failed: (error, isFirst) => noteFailure(broker, channel, error, isFirst),
    });
  }

  return {
    use(channels) {
      const before = open;
      open = new Map(
        channels.map((channel) => {
          const key = JSON.stringify(channel);
          return [key, before.get(key) ?? { channel, queue: queueOf(channel) }];
        }),
      );
      for (const [key, { queue }] of before) if (!open.has(key)) queue.stop();
      const names = channels.map(({ name }) => name);
      for (const name of broker.alerting.keys()) if (!names.includes(name)) broker.alerting.delete(name);
      for (const name of names) if (!broker.alerting.has(name)) broker.alerting.set(name, null);
    },
    tell(alert) {
      for (const { queue } of open.values()) queue.push(alert);
    },
    async close(patience) {
      const queues = [...open.values()].map(({ queue }) => queue);
      const late = new Promise<void>((resolve) => broker.clock.after(patience, resolve));
      // The clock's timers keep no process alive, and this one is about to end.
      const stayAlive = setInterval(() => undefined, 60_000);
      await Promise.race([Promise.all(queues.map((queue) => queue.idle())), late]);
      clearInterval(stayAlive);
      for (const queue of queues) queue.stop();
    },
  };
}

function noteFailure(broker: Broker, { name }: AlertChannel, error: JitError, isFirst: boolean): void {
  broker.alerting.set(name, error.code);
  broker.log.warn(`an alert by ${name} did not get through: ${error.message}`);
  if (!isFirst) return;
  broker.ledger.writeRevocation({
    events: [{ type: 'notify.failed', at: broker.clock.now(), data: { channel: name, code: error.code } }],
  });
}
