// The shape of a file of policy tests.

import * as v from 'valibot';
import { parseDuration } from '../core/duration.ts';
import { isPrincipal } from '../core/principal.ts';
import { namePattern } from './names.ts';

const name = v.pipe(v.string(), v.regex(namePattern, 'expected a name'));

function isDuration(text: string): boolean {
  try {
    return parseDuration(text) > 0;
  } catch {
    return false;
  }
}

function isTime(text: string): boolean {
  return (
    /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/.test(text) && Number.isFinite(Date.parse(text))
  );
}

const duration = v.pipe(
  v.string(),
  v.check(isDuration, 'expected a duration such as 30m or 1h30m'),
  v.description('a duration such as 30m or 1h30m'),
  v.transform(parseDuration),
);

/** A file of cases. */
export const casesSchema = v.strictObject({
  $schema: v.optional(v.string()),
  cases: v.pipe(
    v.array(
      v.strictObject({
        name: v.pipe(
          v.string(),
          v.nonEmpty('expected a name'),
          v.maxLength(200, 'expected at most 200 characters'),
        ),
        principal: v.pipe(
          v.string(),
          v.check(isPrincipal, 'expected user:<name>, job:<name> or agent:<name>'),
        ),
        request: v.pipe(
          v.string(),
          v.regex(/^[a-z][a-z0-9._-]{0,39}:[a-z][a-z0-9._-]{0,39}$/, 'expected <target>:<role>'),
        ),
        scope: v.optional(name),
        for: v.optional(duration),
        reason: v.optional(v.string()),
        ticket: v.optional(v.string()),
        at: v.optional(
          v.pipe(
            v.string(),
            v.check(isTime, 'expected a time with a zone, such as 2026-01-31T09:00:00Z'),
            v.description('when the request is made, such as 2026-01-31T09:00:00Z'),
          ),
        ),
        interactive: v.optional(v.boolean(), true),
        ci: v.optional(v.boolean(), false),
        expect: v.picklist(['allowed', 'needs approval', 'denied']),
        entitlement: v.optional(name),
      }),
    ),
    v.minLength(1, 'expected at least one case'),
  ),
});

/** The cases once the schema has passed them. */
export type CasesValue = v.InferOutput<typeof casesSchema>;
