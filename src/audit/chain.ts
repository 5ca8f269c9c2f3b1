// The place of an event in its log: sequence, previous hash, bytes, leaf hash. Pure; storing is the store's.
// The Merkle tree over the same leaves (RFC 6962) is merkle.ts.

import { hash } from 'node:crypto';
import { JitError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { canonicalBytes, maxBodyBytes } from './canonical.ts';
import type { AuditEvent, EventBody } from './event.ts';
import { eventFlaw } from './schema.ts';

/** `prev` of the first event, and the head of an empty log. */
export const noLeaf = '0'.repeat(64);

/** A zero byte, and room for the body after it: hashing in one call is the faster way. */
const prefixed = Buffer.alloc(1 + maxBodyBytes);

/** SHA-256(0x00 || bytes), lower-case hex: the leaf hash of RFC 6962 section 2.1. A text stands for its UTF-8. */
export function leafHash(bytes: Uint8Array | string): string {
  if (typeof bytes === 'string') return hash('sha256', `\0${bytes}`);
  if (bytes.length > maxBodyBytes) return hash('sha256', Buffer.concat([prefixed.subarray(0, 1), bytes]));
  prefixed.set(bytes, 1);
  return hash('sha256', prefixed.subarray(0, 1 + bytes.length));
}

/** Where and when an event is written. */
export interface Place {
  readonly origin: string;
  readonly seq: number;
  /** Leaf hash of the event before, or {@link noLeaf}. */
  readonly prev: string;
  readonly boot: string;
  /** Milliseconds since boot. */
  readonly monoMs: number;
}

/** An event that has its place, ready to be stored. */
export interface PlacedEvent {
  readonly body: EventBody;
  readonly bytes: Buffer;
  readonly leaf: string;
}

/**
 * Gives `event` its place: the body, its canonical bytes, their leaf hash.
 * @throws JitError `ERR_INTERNAL` when the event breaks its schema or has no canonical form.
 */
export function placeEvent(event: AuditEvent, place: Place): PlacedEvent {
  const flaw = eventFlaw(event);
  if (flaw) throw new JitError('ERR_INTERNAL', `event "${event.type}" cannot be logged: ${flaw}`);
  const body: EventBody = {
    v: 1,
    origin: place.origin,
    seq: String(place.seq),
    prev: place.prev,
    ts: timestamp(event),
    boot: place.boot,
    mono_ms: String(Math.round(place.monoMs)),
    type: event.type,
    ...(event.principal === undefined ? {} : { principal: event.principal }),
    ...(event.target === undefined ? {} : { target: event.target }),
    ...(event.grant === undefined ? {} : { grant: event.grant }),
    ...(event.lease === undefined ? {} : { lease: event.lease }),
    data: event.data,
  };
  const bytes = canonicalBytes(body as unknown as Json);
  return { body, bytes, leaf: leafHash(bytes) };
}

function timestamp(event: AuditEvent): string {
  const date = new Date(event.at);
  if (Number.isNaN(date.getTime())) {
    throw new JitError('ERR_INTERNAL', `event "${event.type}" cannot be logged: its time is no time`);
  }
  return date.toISOString();
}
