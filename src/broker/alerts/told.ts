// How far each channel has been told: a small file beside the log. What waits is in the log itself, so all that is kept is a
// place in it. Holds no alert and no address; lost or old, it makes people hear twice of something, or as from a new channel.

import { createHash } from 'node:crypto';
import * as v from 'valibot';
import type { AlertChannel } from '../../core/alert.ts';
import { readPrivateFile, writeFleetingFile } from '../../system/files.ts';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const schema = v.strictObject({
  version: v.literal(1),
  /** The broker whose log it is. */
  origin: v.string(),
  channels: v.array(
    v.strictObject({
      /** {@link markOf} the channel. */
      mark: v.string(),
      name: v.string(),
      /** Up to this row of the log everything was told or given up. */
      row: v.pipe(v.number(), v.safeInteger(), v.minValue(-1)),
      /** Given up since the last that got through. */
      missed: count,
      /** Waited when this was written. */
      waiting: count,
    }),
  ),
});

/** How far one channel has been told. */
export type ToldChannel = v.InferOutput<typeof schema>['channels'][number];

/** What the file says; null: there is none. @throws what is wrong with it */
export function readTold(file: string, origin: string): readonly ToldChannel[] | null {
  let bytes: Buffer;
  try {
    bytes = readPrivateFile(file);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw thrown;
  }
  const told = v.parse(schema, JSON.parse(bytes.toString('utf8')));
  return told.origin === origin ? told.channels : null;
}

/** Waits for no disk: after a crash of the machine it may be older, or unreadable. @throws the system's error */
export function writeTold(file: string, origin: string, channels: readonly ToldChannel[]): void {
  writeFleetingFile(file, `${JSON.stringify({ version: 1, origin, channels })}\n`);
}

/** Tells channels apart whatever their place in the list. Of an address, which is a secret, only a hash. */
export function markOf({ name: _, ...channel }: AlertChannel, origin: string): string {
  const hash = createHash('sha256').update(`${origin}\n${JSON.stringify(channel)}`);
  return hash.digest('hex').slice(0, 32);
}
