// `POST /v1/follow`: the log as it grows.

import type { StoredEvent } from '../audit/event.ts';
import type { FollowReply, FollowRequest } from '../protocol/usage.ts';
import type { EventQuery, Store } from '../store/store.ts';
import { checkTarget, findLogged } from './audit.ts';
import type { Broker, Caller } from './broker.ts';
import { eventsAfter, lastRow } from './log-reader.ts';

/**
 * Events after the cursor; at the end of the log it waits for one that fits, until `timeout` or until the caller leaves.
 * @throws JitError `ERR_UNKNOWN_NAME` for a grant that there never was, or a target that neither is nor was
 */
export async function follow(broker: Broker, caller: Caller, request: FollowRequest): Promise<FollowReply> {
  const { store } = broker.ledger;
  const { after, limit, target, timeout } = request;
  const grant = request.grant === null ? null : findLogged(broker, request.grant);
  if (target !== null) await checkTarget(broker, target);
  const query = { ...(grant !== null && { grant }), ...(target !== null && { target }) };
  if (after === null) return replyOf(store.events({ ...query, limit }), lastRow(store));
  const ends = broker.clock.sinceBoot() + timeout;
  for (let from = placeOf(store, after); ; ) {
    const { reply, isFull } = read(broker, from, limit, query);
    const left = ends - broker.clock.sinceBoot();
    if (reply.events.length > 0 || isFull || left <= 0 || caller.signal.aborted || broker.stopping)
      return reply;
    from = reply.next;
    await written(broker, caller, left);
  }
}

/** A log that was put back to an older copy ends before the cursor; what is new in it begins with the word of that. */
function placeOf(store: Store, after: number): number {
  const last = lastRow(store);
  if (after <= last) return after;
  const [setBack] = store.events({ type: 'log.rollback_detected', limit: 1 });
  return setBack ? setBack.row - 1 : last;
}

function read(
  { ledger }: Broker,
  after: number,
  limit: number,
  query: EventQuery,
): { reply: FollowReply; isFull: boolean } {
  // Asked first: what is written meanwhile would be passed over otherwise.
  const last = lastRow(ledger.store);
  const events = eventsAfter(ledger.store, after, limit, query);
  const isFull = events.length === limit;
  return { reply: replyOf(events, isFull ? (events.at(-1)?.row ?? last) : last), isFull };
}

function replyOf(events: readonly StoredEvent[], next: number): FollowReply {
  return { events: events.map(({ leaf, body }) => ({ leaf, body: { ...body } })), next };
}

/** Settles at the next write, after `timeout`, or when the caller has gone. */
function written(broker: Broker, caller: Caller, timeout: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stop();
      cancel();
      caller.signal.removeEventListener('abort', done);
      resolve();
    };
    const stop = broker.ledger.onWrite(done);
    const cancel = broker.clock.after(timeout, done);
    caller.signal.addEventListener('abort', done);
  });
}
