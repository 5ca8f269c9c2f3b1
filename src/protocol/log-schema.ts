// Schemas of what a client may send about the broker's own log.

import * as v from 'valibot';
import type { ForkRequest } from './log.ts';

/** `POST /v1/fork` */
export const forkSchema: v.GenericSchema<unknown, ForkRequest> = v.strictObject({
  reason: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(1_000)),
});

/** `POST /v1/rotate` */
export const rotateSchema: v.GenericSchema<unknown, Record<string, never>> = v.strictObject({});
