// A schema of valibot as a plain predicate over parsed JSON, several times as fast as the schema: verifying a log asks it
// a million times. It may refuse what the schema takes (then the schema is asked), and never the reverse.

import type { GenericSchema } from 'valibot';

type Predicate = (value: unknown) => boolean;

/** What is read of a schema or an action; all of it is public in valibot's types. */
interface Part {
  readonly kind: string;
  readonly type: string;
  readonly pipe?: readonly Part[];
  readonly entries?: Readonly<Record<string, Part>>;
  readonly wrapped?: Part;
  readonly item?: Part;
  readonly key?: Part;
  readonly value?: Part;
  readonly literal?: unknown;
  readonly options?: readonly unknown[];
  readonly requirement?: unknown;
  readonly check?: (value: unknown) => boolean;
}

/** True only for values that `schema` takes as they are. Parts that are not known here refuse everything. */
export function accepts(schema: GenericSchema): Predicate {
  return predicateOf(schema as unknown as Part);
}

function predicateOf(part: Part): Predicate {
  if (!part.pipe) return plain(part);
  const [first, ...actions] = part.pipe;
  const steps = [first ? plain(first) : never, ...actions.map(action)];
  const [a = never, b = always, c = always] = steps;
  if (steps.length <= 3) return (value) => a(value) && b(value) && c(value);
  return (value) => steps.every((step) => step(value));
}

const never: Predicate = () => false;
const always: Predicate = () => true;

function plain(part: Part): Predicate {
  switch (part.type) {
    case 'string':
      return (value) => typeof value === 'string';
    case 'number':
      return (value) => typeof value === 'number' && !Number.isNaN(value);
    case 'boolean':
      return (value) => typeof value === 'boolean';
    case 'literal':
      return (value) => value === part.literal;
    case 'picklist': {
      const options = new Set(part.options);
      return (value) => options.has(value);
    }
    case 'custom':
      return part.check ?? never;
    case 'nullable': {
      const inner = part.wrapped ? predicateOf(part.wrapped) : never;
      return (value) => value === null || inner(value);
    }
    case 'array': {
      const item = part.item ? predicateOf(part.item) : never;
      return (value) => Array.isArray(value) && value.every(item);
    }
    case 'record':
      return record(part);
    case 'strict_object':
      return strictObject(part);
    default:
      return never;
  }
}

function action({ kind, type, requirement }: Part): Predicate {
  if (kind !== 'validation') return never;
  const limit = requirement as number;
  switch (type) {
    case 'max_length':
      return (value) => (value as string).length <= limit;
    case 'min_length':
      return (value) => (value as string).length >= limit;
    case 'min_value':
      return (value) => (value as number) >= limit;
    case 'safe_integer':
      return Number.isSafeInteger;
    case 'regex':
      return (value) => (requirement as RegExp).test(value as string);
    default:
      return never;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function record(part: Part): Predicate {
  const key = part.key ? predicateOf(part.key) : never;
  const inner = part.value ? predicateOf(part.value) : never;
  return (value) => {
    if (!isObject(value)) return false;
    for (const name in value) {
      // valibot leaves these out of its copy.
      if (name === '__proto__' || name === 'prototype' || name === 'constructor') return false;
      if (!key(name) || !inner(value[name])) return false;
    }
    return true;
  };
}

/** All entries that must be there, none that is not known. */
function strictObject({ entries = {} }: Part): Predicate {
  const names = Object.keys(entries);
  const checks = Object.values(entries).map((entry) => {
    const isOptional = entry.type === 'exact_optional';
    return {
      isOptional,
      check: isOptional && entry.wrapped ? predicateOf(entry.wrapped) : predicateOf(entry),
    };
  });
  return (value) => {
    if (!isObject(value)) return false;
    let left = 0;
    for (const _ in value) left += 1;
    for (let at = 0; at < names.length; at += 1) {
      const item = value[names[at] as string];
      const { isOptional, check } = checks[at] as (typeof checks)[number];
      // Parsed JSON has no undefined.
      if (item === undefined) {
        if (isOptional) continue;
        return false;
      }
      if (!check(item)) return false;
      left -= 1;
    }
    return left === 0;
  };
}
