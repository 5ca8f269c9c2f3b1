// Values against the schema: turns what valibot finds into problems with a place, what was expected, what was
// found and the nearest valid name. What was found is told only where no secret can be.

import * as v from 'valibot';
import { nearest } from '../core/nearest.ts';
import type { Problem } from './problem.ts';
import { type ConfigValue, configSchema, type KindSchema } from './schema.ts';
import { isShowable, type Path, type Source } from './yaml.ts';

interface AnySchema {
  readonly type: string;
  readonly entries?: Record<string, AnySchema>;
  readonly wrapped?: AnySchema;
  readonly value?: AnySchema;
  readonly item?: AnySchema;
  readonly key?: string;
  readonly options?: readonly AnySchema[];
  readonly literal?: unknown;
}

const secretLike = /pass|secret|token|key|credential|auth|pwd|dsn|url/i;

/** Keys of jit's own on a target, whose values are shown; all others belong to the provider. */
const ownTargetKeys: readonly unknown[] = ['provider', 'risk', 'max_duration'];

/** True where a value may be told: never in a provider's options, never under a key that sounds secret. */
function isPublic(path: Path): boolean {
  if (path.some((step) => typeof step === 'string' && secretLike.test(step))) return false;
  if (path[0] === 'targets') return path.length === 3 && ownTargetKeys.includes(path[2]);
  return (
    path[0] === 'version' ||
    path[0] === 'groups' ||
    path[0] === 'issuers' ||
    path[0] === 'entitlements' ||
    path[0] === 'policies' ||
    path[0] === 'cases'
  );
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return 'a text';
  return typeof value === 'number' ? 'a number' : `${value}`;
}

/** A word such as `yes` or `require`, where only some words are allowed. What could be a password is none. */
function isWord(value: unknown, path: Path, type: string | undefined): boolean {
  const isSecretLike = path.some((step) => typeof step === 'string' && secretLike.test(step));
  return type === 'picklist' && !isSecretLike && typeof value === 'string' && /^[a-z-]{1,12}$/i.test(value);
}

function found(value: unknown, path: Path, type?: string): string {
  if (!isPublic(path) && !isWord(value, path, type)) return kindOf(value);
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return kindOf(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}

const typeWords: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  Array: 'a list',
  Object: 'a mapping',
  object: 'a mapping',
};

function expectation(issue: v.BaseIssue<unknown>): string {
  const expected = (issue.expected ?? '').replace(/^\((.*)\)$/, '$1').replaceAll(' | ', ', ');
  if (issue.type === 'integer' || issue.type === 'safe_integer') return 'a whole number';
  if (issue.type === 'regex') return 'another form of text';
  if (issue.type === 'min_value' || issue.type === 'max_value') {
    return `a number ${expected.replace('>=', 'of at least ').replace('<=', 'of at most ')}`;
  }
  if (/length|size/.test(issue.type)) return `a length ${expected}`;
  return typeWords[expected] ?? (expected === '' ? 'something else' : expected);
}

function choices(expected: string | null): string[] {
  return [...(expected ?? '').matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? '');
}

function tell(issue: v.BaseIssue<unknown>, path: Path): string {
  // valibot's own texts quote what was found; those of our schemas start otherwise.
  const own = !issue.message.startsWith('Invalid ');
  const offending = typeof issue.input === 'string' ? issue.input : '';
  const redacted =
    offending.length > 2 && !isPublic(path)
      ? issue.message.replaceAll(offending, '[redacted]')
      : issue.message;
  const expected = own ? redacted : `expected ${expectation(issue)}`;
  // A text in place of a list or mapping is not a name that somebody mistyped: it may be anything.
  const text = /^(array|record|strict_object|object)$/.test(issue.type)
    ? kindOf(issue.input)
    : found(issue.input, path, issue.type);
  const near =
    typeof issue.input === 'string' && (isPublic(path) || isWord(issue.input, path, issue.type))
      ? nearest(issue.input, choices(issue.expected))
      : null;
  return `${expected}, found ${text}${near ? `; did you mean "${near}"?` : ''}`;
}

/** What the walk along a schema reports; valibot itself takes lists for mappings, and tells one key only. */
interface WalkReport {
  unknownKey(path: Path, valid: readonly string[]): void;
  notMapping(path: Path): void;
}

function walk(schema: AnySchema, value: unknown, path: Path, report: WalkReport): void {
  if (schema.wrapped) {
    walk(schema.wrapped, value, path, report);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (schema.type === 'array' && schema.item && Array.isArray(value)) {
    for (const [index, item] of value.entries()) walk(schema.item, item, [...path, index], report);
    return;
  }
  const isMapping = schema.type === 'record' || schema.type === 'variant' || schema.entries !== undefined;
  if (isMapping && Array.isArray(value)) {
    report.notMapping(path);
    return;
  }
  const record = value as Record<string, unknown>;
  if (schema.type === 'record' && schema.value) {
    for (const [key, item] of Object.entries(record)) walk(schema.value, item, [...path, key], report);
  } else if (schema.type === 'variant') {
    const key = schema.key ?? '';
    const option = schema.options?.find((one) => one.entries?.[key]?.literal === record[key]);
    if (option) walk(option, value, path, report);
  } else if (schema.entries) {
    for (const [key, item] of Object.entries(record)) {
      const entry = Object.hasOwn(schema.entries, key) ? schema.entries[key] : undefined;
      if (entry) walk(entry, item, [...path, key], report);
      else if (schema.type === 'strict_object')
        report.unknownKey([...path, key], Object.keys(schema.entries));
    }
  }
}

function tellUnknownKey(path: Path, valid: readonly string[]): string {
  const key = String(path.at(-1));
  const shown = isShowable(key) ? ` "${key}"` : '';
  const near = isShowable(key) ? nearest(key, valid) : null;
  const hint = near
    ? `did you mean "${near}"?`
    : `expected one of ${valid.filter((name) => !name.startsWith('$')).join(', ')}`;
  return `unknown key${shown}: ${hint}`;
}

function pathOf(issue: v.BaseIssue<unknown>): Path {
  return (issue.path ?? []).map((item) => item.key as string | number);
}

/** The checked value, or at least one problem. */
export type Checked<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problems: readonly Problem[] };

function tellIssue(issue: v.BaseIssue<unknown>, source: Source): Problem | null {
  const path = pathOf(issue);
  const last = issue.path?.at(-1);
  const file = source.path;
  if (last && issue.input === undefined) {
    return { path: file, ...source.at(path.slice(0, -1)), message: `missing key "${String(path.at(-1))}"` };
  }
  if (last?.origin !== 'key') return { path: file, ...source.at(path), message: tell(issue, path) };
  // A key that the schema does not have; told by the walk, with the nearest one that it has.
  if (issue.expected === 'never') return null;
  const key = String(path.at(-1));
  const message = `${issue.message}, found ${isShowable(key) ? `"${key}"` : 'another key'}`;
  return { path: file, ...source.atKey(path), message };
}

/** Checks a value of a file against any schema. */
export function checkAgainst<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  source: Source,
): Checked<v.InferOutput<Schema>> {
  const problems: Problem[] = [];
  const lists: Path[] = [];
  walk(schema as unknown as AnySchema, value, [], {
    unknownKey: (path, valid) =>
      problems.push({ path: source.path, ...source.atKey(path), message: tellUnknownKey(path, valid) }),
    notMapping(path) {
      lists.push(path);
      problems.push({ path: source.path, ...source.at(path), message: 'expected a mapping, found a list' });
    },
  });
  const isInList = (path: Path) => lists.some((list) => list.every((step, index) => path[index] === step));
  const result = v.safeParse(schema, value);
  for (const issue of result.issues ?? []) {
    const problem = isInList(pathOf(issue)) ? null : tellIssue(issue, source);
    if (problem) problems.push(problem);
  }
  return result.success && problems.length === 0
    ? { ok: true, value: result.output }
    : { ok: false, problems };
}

/** Checks the value of a jit.yaml. */
export function checkShape(
  value: unknown,
  kinds: readonly KindSchema[],
  source: Source,
): Checked<ConfigValue> {
  return checkAgainst(configSchema(kinds), value, source) as Checked<ConfigValue>;
}
