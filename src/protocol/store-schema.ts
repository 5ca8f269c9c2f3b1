// Schemas of what a client may send about the shared store.

import * as v from 'valibot';
import type { SyncRequest } from './store.ts';

/** `POST /v1/sync` */
export const syncSchema: v.GenericSchema<unknown, SyncRequest> = v.strictObject({
  now: v.boolean(),
  wait: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(10_000)),
});
