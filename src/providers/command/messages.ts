// What the broker and the programs of a target tell each other, as JSON on stdin and stdout. Owns the shapes, version 1;
// schema/command-provider.json is made from them. Must not: run anything, know the configuration.

import * as v from 'valibot';
import type { Json } from '../../core/json.ts';
import { leaseOfName, mayHandOut } from './names.ts';

const described = <Schema extends v.GenericSchema>(schema: Schema, text: string) =>
  v.pipe(schema, v.description(text));
const least = (count: number) =>
  v.minLength<string, number, string>(count, `expected at least ${count} characters`);
const most = (count: number) =>
  v.maxLength<string, number, string>(count, `expected at most ${count} characters`);

const version = v.literal(1);
/** RFC 3339, section 5.6. */
const instantPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
const instant = v.pipe(
  v.string(),
  v.regex(instantPattern, 'expected a time such as 2026-01-31T14:05:00Z'),
  v.check((text) => Number.isFinite(Date.parse(text)), 'expected a time such as 2026-01-31T14:05:00Z'),
);
const value = (largest: number) =>
  v.pipe(
    v.string(),
    most(largest),
    v.check((text) => !text.includes('\0') && text.isWellFormed(), 'expected text without NUL'),
  );
const variable = v.pipe(
  v.string(),
  v.check(mayHandOut, 'expected the name of a variable that does not steer other programs'),
  v.metadata({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,99}$' }),
);
const secretValue = v.pipe(value(16_384), least(1));
const options = v.record(v.string(), v.unknown());
const largestHandle = 4_096;
const handle = v.pipe(
  v.unknown(),
  v.check(
    (json) => Buffer.byteLength(JSON.stringify(json) ?? '') <= largestHandle,
    `expected at most ${largestHandle} bytes of JSON`,
  ),
);
// Ends of names that jit itself uses in the same folder.
const fileName = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,60}(\.(?!token$|html$)[A-Za-z0-9_-]{1,20}){0,3}$/,
    'expected the name of a file, without a folder, that ends neither in .token nor in .html',
  ),
);

const name = described(
  v.string(),
  'what the thing is called on the target: chosen by jit, unique, a-z 0-9 and dash',
);
const target = described(v.string(), 'name of the target in jit.yaml');
const settings = described(
  options,
  'with: of the target, the role and the scope, the later ones over the earlier',
);

export const issueRequest = v.object({
  version,
  action: v.literal('issue'),
  name,
  lease: v.string(),
  grant: v.string(),
  principal: described(v.string(), 'who asked'),
  target,
  role: v.string(),
  scope: v.nullable(v.string()),
  reason: described(v.nullable(v.string()), 'what the person wrote: never to be run, quoted or trusted'),
  ticket: v.nullable(v.string()),
  not_after: described(instant, 'when the grant ends: what is made has to end then by itself, if it can'),
  options: settings,
});

export const issueAnswer = v.strictObject({
  version,
  expires_at: described(
    v.nullable(instant),
    'when the target ends it by itself; null only for a target with ends_by_itself: false',
  ),
  handle: v.optional(
    described(
      handle,
      `what revoke and confirm are given besides the name: any JSON of at most ${largestHandle} bytes, stored in plain text. No secrets`,
    ),
  ),
  env: v.optional(
    described(v.record(variable, value(4_096)), 'variables of the child that are no secret'),
    {},
  ),
  secrets: v.optional(
    described(
      v.record(variable, secretValue),
      'NAME: value. The child gets a file of mode 0600 and its path as NAME_FILE; with --export env also NAME itself',
    ),
    {},
  ),
  files: v.optional(
    v.pipe(
      v.array(
        v.strictObject({
          name: fileName,
          variable: described(variable, "gets the file's path"),
          content: described(v.pipe(value(32_768), least(1)), 'may be secret; the file has mode 0600'),
        }),
      ),
      v.maxLength(16, 'expected at most 16 files'),
    ),
    [],
  ),
  unset: v.optional(
    described(
      v.pipe(v.array(variable), v.maxLength(100, 'expected at most 100 names')),
      'variables that would win over these, and so are taken from the child',
    ),
    [],
  ),
});

const known = {
  version,
  name,
  target,
  options: described(
    options,
    'as for issue; of a thing that no lease knows only with: of the target, so that name and target have to be enough',
  ),
  handle: described(handle, 'what issue returned; null when it returned nothing, or its answer was lost'),
};

export const revokeRequest = v.object({ action: v.literal('revoke'), ...known });

export const revokeAnswer = v.variant('status', [
  v.strictObject({
    version,
    status: described(v.literal('gone'), 'nobody can use it any more; also when there never was one'),
  }),
  v.strictObject({
    version,
    status: described(v.literal('ending'), 'it cannot be taken back sooner'),
    ends_at: instant,
  }),
]);

export const confirmRequest = v.object({ action: v.literal('confirm'), ...known });

export const confirmAnswer = v.strictObject({ version, status: v.picklist(['gone', 'alive', 'unknown']) });

export const listRequest = v.object({
  version,
  action: v.literal('list'),
  target,
  prefix: described(v.string(), "begins the names that this broker chooses; jit-, those of any broker's"),
  options: described(options, 'with: of the target'),
});

export const listAnswer = v.strictObject({
  version,
  items: described(
    v.array(
      v.strictObject({
        name: v.pipe(v.string(), most(200)),
        ends_at: v.optional(described(instant, 'when the target ends it by itself, if it does')),
      }),
    ),
    'everything on the target whose name begins with jit-; all of it, or an error',
  ),
});

/** With exit code {@link refusedCode}: nothing was made or changed, and why. With other codes: only why. */
export const refusal = v.object({ version, error: described(v.string(), 'one line; shown to people') });

/** The one exit code that means "refused, and nothing was made". */
export const refusedCode = 3;

export type IssueAnswer = v.InferOutput<typeof issueAnswer>;

/** One thing on a target, as `list` tells it. */
export interface Listed {
  readonly name: string;
  readonly lease: string;
  readonly endsAt: number | null;
}

/** Items with a name that jit chooses; whatever else is there is not ours to look at. */
export function listedOf({ items }: v.InferOutput<typeof listAnswer>): Listed[] {
  return items.flatMap(({ name: found, ends_at }) => {
    const lease = leaseOfName(found);
    return lease === null
      ? []
      : [{ name: found, lease, endsAt: ends_at === undefined ? null : Date.parse(ends_at) }];
  });
}

/** What was checked to be JSON, by type as well. */
export const asJson = (checked: unknown): Json => (checked ?? null) as Json;
