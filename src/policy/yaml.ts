// YAML text -> plain values, and where each of them stands. Takes a plain subset of YAML: no anchors, aliases,
// tags or merge keys. No message quotes the text, except for names of keys that look like names.

import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type Scalar } from 'yaml';
import { type Position, type Problem, positionIn } from './problem.ts';

/** The way to a value: keys and list positions from the root. */
export type Path = readonly (string | number)[];

/** Where the values of a file stand. */
export interface Source {
  readonly path: string;
  /** Start of the value at `path`; of the nearest thing around it when there is none. */
  at(path: Path): Position;
  /** Start of the key that the value at `path` stands under. */
  atKey(path: Path): Position;
  /** Place of the character `offset` of the text value at `path`, as exactly as its notation allows. */
  within(path: Path, offset: number): Position;
}

/** A file, read. `value` is undefined when `problems` stop further checks. */
export interface YamlFile {
  readonly value: unknown;
  readonly source: Source;
  readonly problems: readonly Problem[];
}

const largest = 1024 * 1024;
const deepest = 32;

const syntax: Record<string, string> = {
  BAD_DQ_ESCAPE: 'unknown escape in a text in double quotes',
  BAD_INDENT: 'wrong indentation, or a bracket that is not closed',
  BAD_SCALAR_START: 'a text cannot start with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'expected a key and its value on lines of their own; is the indentation right?',
  DUPLICATE_KEY: 'this key is there twice',
  MISSING_CHAR:
    'something is not closed or not complete here: a quote, a bracket, or a key without its colon',
  MULTILINE_IMPLICIT_KEY: 'expected a key, a colon and a blank; is the indentation right?',
  MULTIPLE_DOCS: 'expected one document, found a second',
  TAB_AS_INDENT: 'expected blanks, found a tab as indentation',
  UNEXPECTED_TOKEN: 'expected the next key or value; is the indentation right?',
};

interface Place {
  readonly key: number;
  readonly value: Node | null;
  readonly offset: number;
}

const id = (path: Path) => JSON.stringify(path);

function makeSource(path: string, text: string, places: ReadonlyMap<string, Place>): Source {
  const find = (way: Path): Place | undefined => {
    for (let length = way.length; length >= 0; length -= 1) {
      const place = places.get(id(way.slice(0, length)));
      if (place) return place;
    }
    return undefined;
  };
  return {
    path,
    at: (way) => positionIn(text, find(way)?.offset ?? 0),
    atKey: (way) => positionIn(text, find(way)?.key ?? 0),
    within(way, offset) {
      const place = find(way);
      const node = place?.value;
      if (!isScalar(node) || typeof node.value !== 'string') return positionIn(text, place?.offset ?? 0);
      return positionIn(text, offsetWithin(text, node as Scalar<string>, offset));
    },
  };
}

/** Plain and quoted texts stand in the file as they are; of `|` blocks each line does, indented. */
function offsetWithin(text: string, node: Scalar<string>, offset: number): number {
  const [start = 0, end = start] = node.range ?? [];
  const raw = text.slice(start, end);
  const verbatim = raw.indexOf(node.value);
  if (verbatim >= 0 && verbatim <= 1) return start + verbatim + offset;
  if (node.type !== 'BLOCK_LITERAL') return start;
  const wanted = positionIn(node.value, offset);
  const lines = raw.split('\n');
  const before = lines.slice(0, wanted.line).join('\n').length + 1;
  const content = node.value.split('\n')[wanted.line - 1] ?? '';
  const indent = Math.max(0, (lines[wanted.line] ?? '').indexOf(content));
  return start + before + indent + wanted.column - 1;
}

/** True for a key that can be shown: it looks like a name, not like a pasted secret. */
export function isShowable(key: string): boolean {
  return /^\$?[A-Za-z][A-Za-z0-9._-]{0,31}$/.test(key);
}

/**
 * Reads a file. `text` as bytes is checked to be UTF-8; a byte order mark at its start is skipped.
 * Never throws for any text.
 */
export function readYaml(path: string, input: string | Uint8Array): YamlFile {
  const places = new Map<string, Place>();
  const problems: Problem[] = [];
  const stop = (text: string, offset: number, message: string): YamlFile => ({
    value: undefined,
    source: makeSource(path, text, places),
    problems: [...problems, { path, ...positionIn(text, offset), message }],
  });

  if (input.length > largest) return stop('', 0, 'expected at most 1 MiB');
  const decoded = typeof input === 'string' ? input : new TextDecoder('utf-8').decode(input);
  const text = decoded.startsWith('\uFEFF') ? decoded.slice(1) : decoded;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  const odd = text.search(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F\uFFFD]/);
  if (odd >= 0) {
    return stop(text, odd, 'expected text in UTF-8, found a control character or bytes that are no UTF-8');
  }
  if (text.trim() === '') return stop(text, 0, 'expected a configuration, found an empty file');

  let document: ReturnType<typeof parseDocument>;
  try {
    document = parseDocument(text, { lineCounter: new LineCounter(), prettyErrors: false, merge: false });
  } catch {
    return stop(text, 0, 'nested too deeply to read');
  }
  const faults = [...document.errors, ...document.warnings];
  const first = faults[0];
  if (first) {
    // One slip of indentation makes several errors: only keys that are there twice are told all.
    const told = faults.filter((fault) => fault === first || fault.code === 'DUPLICATE_KEY');
    for (const fault of told.slice(1)) {
      const message = syntax[fault.code] ?? 'this is not valid YAML';
      problems.push({ path, ...positionIn(text, fault.pos[0]), message });
    }
    const message =
      first.code === 'TAG_RESOLVE_FAILED'
        ? 'tags are not taken here'
        : (syntax[first.code] ?? 'this is not valid YAML');
    return stop(text, first.pos[0], message);
  }

  // Another version of YAML would read `on` and `1:30` as something else than what stands there.
  if (document.directives?.yaml.explicit) return stop(text, 0, 'directives are not taken here');

  const problem = (offset: number, message: string) =>
    problems.push({ path, ...positionIn(text, offset), message });
  const walk = (node: unknown, way: Path, key: number): unknown => {
    // `key:` and nothing after it: the key is the place that people look for.
    const isEmpty = isScalar(node) && node.value === null && !node.source;
    const offset = isEmpty ? key : ((node as Node | null)?.range?.[0] ?? key);
    places.set(id(way), { key, value: (node as Node | null) ?? null, offset });
    if (way.length > deepest) {
      problem(offset, 'nested too deeply');
      return null;
    }
    if (isAlias(node)) {
      problem(offset, 'aliases are not taken here: write the value out');
      return null;
    }
    const { anchor, tag } = (node ?? {}) as { anchor?: string; tag?: string };
    if (anchor !== undefined) problem(offset, 'anchors are not taken here: write the value out');
    if (tag !== undefined) problem(offset, 'tags are not taken here');
    if (isSeq(node)) return node.items.map((item, index) => walk(item, [...way, index], offset));
    if (!isMap(node)) return isScalar(node) ? node.value : null;
    const value: Record<string, unknown> = {};
    for (const pair of node.items) {
      const start = (pair.key as Node | null)?.range?.[0] ?? offset;
      const name = isScalar(pair.key) ? pair.key.value : null;
      if (typeof name !== 'string' || Object.hasOwn(Object.prototype, name) || name === 'prototype') {
        problem(start, 'expected a name as key');
      } else if (name === '<<') {
        problem(start, 'merge keys are not taken here: write the values out');
      } else {
        value[name] = walk(pair.value, [...way, name], start);
      }
    }
    return value;
  };
  let value: unknown;
  try {
    value = walk(document.contents, [], 0);
  } catch {
    return stop(text, 0, 'nested too deeply to read');
  }
  return { value, source: makeSource(path, text, places), problems };
}
