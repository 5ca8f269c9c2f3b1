// `POST /v1/sync`: how far the shared store is, and a push when asked for one.

import type { SyncReply, SyncRequest } from '../protocol/store.ts';
import type { Broker } from './broker.ts';
import { isoTime } from './intent.ts';
import { notSynced } from './sync-limit.ts';

/** Never waits longer than asked: a push goes on by itself. @throws JitError `ERR_CONFIG` for a broken configuration */
export async function sync(broker: Broker, { now, wait }: SyncRequest): Promise<SyncReply> {
  await broker.policy.config();
  if (now && broker.policy.latest?.store?.writer) {
    const late = Promise.withResolvers<void>();
    const cancel = broker.clock.after(wait, late.resolve);
    // The state tells why it failed.
    await Promise.race([broker.sync.now().catch(() => undefined), late.promise]);
    cancel();
  }
  const { settings, origin, size, acknowledged, isHeard, since, isRunning, refused, lost, ...state } =
    broker.sync.state();
  // Known also before anything was tried: nothing will be.
  const failure = state.failure ?? (broker.ledger.store.stopped && settings?.writer ? notSynced() : null);
  return {
    store: settings?.writer
      ? {
          host: settings.address.host,
          port: settings.address.port,
          database: settings.address.database,
          user: settings.writer.user,
          maxUnsynced: settings.maxUnsynced,
        }
      : null,
    origin,
    events: size,
    acknowledged,
    heard: isHeard,
    since: since === null ? null : isoTime(since),
    running: isRunning,
    failure: failure && { code: failure.code, message: failure.message, hint: failure.hint ?? null },
    refused: refused.map(({ origin: name, events, failure: { message, hint } }) => ({
      ...{ origin: name, events, message },
      hint: hint ?? null,
    })),
    lost,
  };
}
