// One run of one program: what it is given, and its answer or why there is none. Tells apart what is known to have done
// nothing from what may have done anything.

import * as v from 'valibot';
import { formatDuration } from '../../core/duration.ts';
import { type ErrorCode, JitError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type { Secret } from '../../core/secret.ts';
import { isSecretReference } from '../../core/secret-reference.ts';
import type { Milliseconds } from '../../core/time.ts';
import { commandEnvironment } from '../../system/environment.ts';
import { type ProgramEnd, runProgram } from '../../system/run-program.ts';
import type { ProviderTools } from '../provider.ts';
import type { Access } from './handle.ts';
import { refusal, refusedCode } from './messages.ts';
import { findProgram, searchPath } from './program.ts';
import { type Known, shownText } from './shown.ts';
import { readStrictJson } from './strict-json.ts';

/** One target and the world around it. */
export interface Context {
  readonly access: Access;
  readonly tools: ProviderTools;
  readonly signal: AbortSignal;
}

export type Action = 'issue' | 'revoke' | 'confirm' | 'list';

/**
 * `unsent`: no program ran. `refused`: it said that it did nothing. `unknown`: it may have done anything.
 * `isSlow`: it did not end by itself.
 */
export type Called<Answer> =
  | { readonly outcome: 'answered'; readonly answer: Answer }
  | {
      readonly outcome: 'unsent' | 'refused' | 'unknown';
      readonly why: string;
      readonly isSlow: boolean;
      readonly hint?: string;
      /** For the log: what it said on stderr. */
      readonly cause?: string;
    };

/** Most bytes of an answer; only a list may be long. */
const largest = { issue: 65_536, revoke: 65_536, confirm: 65_536, list: 1_048_576 } as const;
/** Revoking and looking have 30 s of the broker together. */
const longestLook: Milliseconds = 14_000;
const keptOfStderr = 8_192;
/** A line of the log has room for no more. */
const loggedOfStderr = 6_000;

/**
 * Runs the program of an action.
 * @param names what may be shown although it looks like a key
 * @throws JitError `ERR_SECRET_UNAVAILABLE` when a secret of `env` cannot be had: nothing ran
 */
export async function callProgram<Schema extends v.GenericSchema>(
  { access, tools, signal }: Context,
  action: Action,
  request: Json,
  schema: Schema,
  names: readonly string[],
): Promise<Called<v.InferOutput<Schema>>> {
  const line = access[action] ?? [];
  const found = findProgram(line);
  if (found.problem !== null) {
    const hint = `jit doctor ${access.target}`;
    return { outcome: 'unsent', why: `cannot be run: ${found.problem}`, isSlow: false, hint };
  }
  const { env, secrets } = await environmentOf(access, tools);
  const timeout = action === 'issue' ? access.timeout_ms : Math.min(access.timeout_ms, longestLook);
  const ended = await runProgram(found.path, line.slice(1), {
    env,
    input: `${JSON.stringify(request)}\n`,
    timeout,
    largest: largest[action],
    kept: keptOfStderr,
    signal,
  });
  const known: Known = { secrets, names: [...names, access.target] };
  const failed = (why: string, outcome: 'refused' | 'unknown' = 'unknown') => {
    const cause = stderrOf(ended, known);
    const isSlow = ended.how === 'too-slow' || ended.how === 'stopped';
    return { outcome, why, isSlow, ...(cause === null ? {} : { cause }) };
  };
  if (ended.how === 'not-started')
    return { ...failed(`cannot be started (${ended.why})`), outcome: 'unsent' };
  const broken = brokenWords(ended, timeout, largest[action]);
  if (broken !== null) return failed(broken);
  const read = readStrictJson(ended.stdout);
  if (ended.code !== 0) {
    const told = v.safeParse(refusal, read.ok ? read.value : null);
    const said = told.success ? `: ${shownText(told.output.error, known)}` : '';
    if (ended.code === refusedCode && told.success) return failed(`refused${said}`, 'refused');
    return failed(`ended with code ${ended.code}${said}`);
  }
  if (!read.ok) return failed(`gave no answer that can be read: ${read.why}`);
  const checked = v.safeParse(schema, read.value);
  if (!checked.success) return failed(`gave an answer that is not as agreed: ${issueWords(checked.issues)}`);
  return { outcome: 'answered', answer: checked.output };
}

/** A failed call as an error. `unknown` has the code of the caller's choice, as it is not the same for issue and revoke. */
export function failureOf(
  called: Exclude<Called<unknown>, { outcome: 'answered' }>,
  { access }: Pick<Context, 'access'>,
  action: Action,
  unknown: { readonly code: ErrorCode; readonly also?: string },
): JitError {
  const { outcome, why, hint = `jit doctor ${access.target}`, cause } = called;
  const isUnknown = outcome === 'unknown';
  const also = isUnknown && unknown.also !== undefined ? `: ${unknown.also}` : '';
  return new JitError(
    isUnknown ? unknown.code : 'ERR_TARGET_REFUSED',
    `the ${action} program of target "${access.target}" ${why}${also}`,
    { hint, ...(cause === undefined ? {} : { cause }) },
  );
}

/** The broker's own variables are not for others: a home and a language, a fixed PATH, and what the config lists. */
async function environmentOf(
  access: Access,
  tools: ProviderTools,
): Promise<{ env: Record<string, string>; secrets: Secret[] }> {
  const own = commandEnvironment(process.env);
  const env: Record<string, string> = {};
  for (const name of ['HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TZ']) {
    if (own[name] !== undefined) env[name] = own[name];
  }
  const secrets: Secret[] = [];
  for (const [name, value] of Object.entries(access.env)) {
    if (!isSecretReference(value)) {
      env[name] = value;
      continue;
    }
    const secret = await tools.resolveSecret(value);
    secrets.push(secret);
    env[name] = secret.reveal();
  }
  return { env: { ...env, PATH: searchPath.join(':') }, secrets };
}

function brokenWords(ended: ProgramEnd, timeout: Milliseconds, most: number): string | null {
  switch (ended.how) {
    case 'too-slow':
      return `gave no answer within ${formatDuration(timeout)} and was ended`;
    case 'stopped':
      return 'was ended before it answered';
    case 'too-much':
      return `printed more than ${most} bytes and was ended`;
    default:
      return ended.code === null ? `was ended by ${ended.why}` : null;
  }
}

function stderrOf(ended: ProgramEnd, known: Known): string | null {
  if (ended.stderr.length === 0) return null;
  const printed = ended.stdout.toString('utf8');
  const text = shownText(ended.stderr.toString('utf8'), { ...known, printed }, Number.POSITIVE_INFINITY);
  return `it said on stderr: ${text.length > loggedOfStderr ? `…${text.slice(-loggedOfStderr)}` : text}`;
}

/** Where the answer differs, by keys of the schema alone: what was found there may be a secret. */
function issueWords(issues: readonly v.BaseIssue<unknown>[]): string {
  const [first] = issues;
  const keys = (first?.path ?? []).map(({ key }) => String(key));
  // Names of variables are the program's own words; so is a key that nobody expects.
  const place = keys.filter((key) => /^[a-z_]{1,20}$/.test(key) || /^\d{1,3}$/.test(key)).join('.');
  const expected =
    first?.type === 'strict_object' || first?.expected == null ? '' : `, expected ${first.expected}`;
  const text = first?.type === 'check' || first?.type === 'regex' ? `, ${first.message}` : expected;
  return `${place === '' ? 'the whole of it' : `"${place}"`}${text === '' ? ' is unexpected or missing' : text}`;
}
