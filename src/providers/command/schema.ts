// What a target of two programs looks like in jit.yaml. Owns keys, defaults and what values mean together.
// Must not: look for the programs, run anything.

import * as v from 'valibot';
import { parseDuration } from '../../core/duration.ts';
import type { Json } from '../../core/json.ts';
import { isSecretReference } from '../../core/secret-reference.ts';
import type { TargetConfig } from '../../core/target.ts';
import { mayConfigure } from './names.ts';

const described = <Schema extends v.GenericSchema>(schema: Schema, text: string) =>
  v.pipe(schema, v.description(text));
const within = (least: number, most: number) => (text: string) => {
  try {
    const length = parseDuration(text);
    return length >= least && length <= most;
  } catch {
    return false;
  }
};
const argument = v.pipe(
  v.string(),
  v.regex(/^[^\p{Cc}]{0,1000}$/u, 'expected at most 1000 characters, none of them a control character'),
);
const commandLine = v.pipe(
  v.array(argument),
  v.minLength(1, 'expected a program, and arguments if it needs any'),
  v.maxLength(50, 'expected at most 50 arguments'),
  v.check(
    ([program = '']) => program.startsWith('/') || /^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(program),
    'expected an absolute path, or the name of a program in /usr/local/bin, /usr/bin and their like',
  ),
);
const largestSettings = 8_192;
const settings = v.pipe(
  v.record(v.string(), v.unknown()),
  v.check(
    (value) => Buffer.byteLength(JSON.stringify(value)) <= largestSettings,
    `expected at most ${largestSettings} bytes`,
  ),
);
const withText = 'settings that the programs are given as they are; no secrets';

const target = {
  issue: described(commandLine, 'program that makes a credential: a list of its path and arguments'),
  revoke: described(commandLine, 'program that takes a credential back, by its name'),
  confirm: v.optional(described(commandLine, 'program that looks whether a credential is gone')),
  list: v.optional(described(commandLine, 'program that tells which credentials of jit there are')),
  timeout: v.optional(
    described(
      v.pipe(v.string(), v.check(within(1_000, 25_000), 'expected a duration from 1s to 25s')),
      'longest run of a program; 14s at most for others than issue',
    ),
    '10s',
  ),
  env: v.optional(
    described(
      v.record(
        v.pipe(
          v.string(),
          v.check(mayConfigure, 'expected the name of a variable that does not steer programs'),
        ),
        v.pipe(
          v.string(),
          v.regex(
            /^[^\p{Cc}]{0,1000}$/u,
            'expected at most 1000 characters, none of them a control character',
          ),
        ),
      ),
      'variables of the programs; what reads as a reference to a secret is replaced by the secret',
    ),
    {},
  ),
  ends_by_itself: v.optional(
    described(v.boolean(), 'false: the target never ends a credential by itself, only revoke does'),
    true,
  ),
  max_lifetime: v.optional(
    described(
      v.pipe(v.string(), v.check(within(1_000, 366 * 86_400_000), 'expected a duration such as 15m or 1h')),
      'how long a credential may live by the clock of the target, where that cannot be as short as a grant',
    ),
  ),
  with: v.optional(described(settings, withText), {}),
};

const role = { with: v.optional(described(settings, withText), {}) };
const scope = { with: v.optional(described(settings, withText), {}) };

/** Valibot entries that a target, its roles and their scopes get. No transforms: parsing twice is harmless. */
export const commandSchema = { target, role, scope };

const targetObject = () => v.object(target);

export type TargetOptions = v.InferOutput<ReturnType<typeof targetObject>>;

/** The options of a target, typed. @throws ValiError when the config was not checked before. */
export const targetOptions = (config: TargetConfig): TargetOptions => v.parse(targetObject(), config.options);

/** `with:` of a target, role or scope, as the JSON that YAML made of it. @throws ValiError as above */
export function settingsOf(options: unknown): Readonly<Record<string, Json>> {
  const parsed = v.parse(v.object({ with: role.with }), options ?? {});
  return JSON.parse(JSON.stringify(parsed.with)) as Record<string, Json>;
}

/** Names of variables that hold secrets, and not where one is. */
const secretName = /(PASSWORD|PASSWD|SECRET|TOKEN|APIKEY|API_KEY|PRIVATE_KEY|ACCESS_KEY)$/i;

/** What the values of a target mean together: sentences, empty when all is well. Never holds a value of `env`. */
export function validateCommand(config: TargetConfig): string[] {
  const parsed = v.safeParse(targetObject(), config.options);
  if (!parsed.success) return [];
  const { env, ends_by_itself, max_lifetime } = parsed.output;
  const problems = Object.entries(env)
    .filter(([name, value]) => secretName.test(name) && !isSecretReference(value))
    .map(([name]) => `env: "${name}" reads like a secret and is no reference to one`);
  if (!ends_by_itself && max_lifetime !== undefined) {
    problems.push('max_lifetime has no effect with ends_by_itself: false');
  }
  return problems;
}
