// Keeps the shape of src: layers, the edge to the machine, the size of files. Rules and reasons: support/layers.ts.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeOf, importsOf } from './support/imports.ts';
import { layers, violations } from './support/layers.ts';

const src = path.join(import.meta.dirname, '../src');

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, text: readFileSync(path.join(src, file), 'utf8') }));

/** Where the machine's clock, its randomness, the console and the end of the process are touched. */
const isEdge = (file: string): boolean => file.startsWith('system/') || file === 'cli/main.ts';

/** Uses of the machine that belong to the edge. */
function edgeUses(text: string): string[] {
  return (
    codeOf(text).match(/\bconsole\.\w+|\bprocess\.exit\b|\bDate\.now\b|\bMath\.random\b|\bnew Date\(\)/g) ??
    []
  );
}

describe('the source', () => {
  it('has only folders that the design knows', () => {
    const unknown = files.map(({ file }) => file.split('/')[0] ?? '').filter((folder) => !(folder in layers));
    expect(unknown).toEqual([]);
  });

  it('imports along the layers only', () => {
    expect(files.flatMap(({ file, text }) => violations(file, text))).toEqual([]);
  });

  it('touches clock, randomness, console and process end only at the edge', () => {
    const uses = files
      .filter(({ file }) => !isEdge(file))
      .map(({ file, text }) => ({ file, uses: edgeUses(text) }));
    expect(uses.filter((found) => found.uses.length > 0)).toEqual([]);
  });

  it('has no file of more than 300 lines', () => {
    const long = files.filter(({ text }) => text.split('\n').length > 301);
    expect(long.map(({ file }) => file)).toEqual([]);
  });

  it('opens every file with a line that says what the file is for', () => {
    const mute = files.filter(({ text }) => !/^(#!.*\n)?\/[/*]/.test(text));
    expect(mute.map(({ file }) => file)).toEqual([]);
  });
});

// The checks above pass on a good tree; these show that they would not pass on a bad one.
describe('the checker of layers refuses', () => {
  const bad: [what: string, file: string, text: string][] = [
    ['core that imports anything above it', 'core/x.ts', "import { load } from '../policy/load.ts';"],
    ['core that imports a package', 'core/x.ts', "import * as v from 'valibot';"],
    ['core that imports Node', 'core/x.ts', "import os from 'node:os';"],
    ['a type from a layer above', 'audit/x.ts', "import type { Store } from '../store/store.ts';"],
    ['a vendor that knows its sibling', 'providers/aws/x.ts', "import { q } from '../postgres/quote.ts';"],
    ['a contract that knows a vendor', 'providers/provider.ts', "import { q } from './postgres/quote.ts';"],
    [
      'a broker verb that names a vendor',
      'broker/x.ts',
      "import { postgres } from '../providers/postgres/kind.ts';",
    ],
    ['a broker verb that opens the store', 'broker/x.ts', "import { openStore } from '../store/sqlite.ts';"],
    ['a shell that asks the broker', 'shell/x.ts', "import { call } from '../client/call.ts';"],
    [
      'a command that reaches the broker',
      'cli/commands/x.ts',
      "const m = await import('../../broker/offline.ts');",
    ],
    [
      'heavy.ts loading the broker at start',
      'cli/heavy.ts',
      "import { offline } from '../broker/offline.ts';",
    ],
    [
      'heavy.ts reaching further into the broker',
      'cli/heavy.ts',
      "const m = import('../broker/elevate.ts');",
    ],
    [
      'a demonstration that uses the broker directly',
      'demo/x.ts',
      "import { e } from '../broker/elevate.ts';",
    ],
    ['SQLite outside the store', 'broker/x.ts', "import Database from 'better-sqlite3';"],
    ['a re-export across layers', 'system/x.ts', "export { grants } from '../store/store.ts';"],
    ['a folder that nobody designed', 'misc/x.ts', "import { a } from '../core/a.ts';"],
  ];
  it.each(bad)('%s', (_what, file, text) => {
    expect(violations(file, text)).toHaveLength(1);
  });

  const good: [what: string, file: string, text: string][] = [
    ['heavy.ts loading the broker late', 'cli/heavy.ts', "const m = await import('../broker/offline.ts');"],
    [
      'a type of a vendor in the broker',
      'broker/x.ts',
      "import type { H } from '../providers/postgres/handle.ts';",
    ],
    ['an import in a comment', 'core/x.ts', "// import fs from 'node:fs';"],
  ];
  it.each(good)('but not %s', (_what, file, text) => {
    expect(violations(file, text)).toEqual([]);
  });

  it('a use of the machine outside the edge, but not its mention in a comment or text', () => {
    expect(edgeUses('const now = Date.now();')).toEqual(['Date.now']);
    expect(edgeUses("process.exit(1); // console.log('x')")).toEqual(['process.exit']);
    expect(edgeUses("/* Math.random */ const a = 'new Date()';")).toEqual([]);
  });
});

describe('the reader of imports', () => {
  it('tells types from values, and late from early', () => {
    const text = [
      "import type { A } from './a.ts';",
      "import { type B, type C } from './b.ts';",
      "import {\n  type D,\n  e,\n} from './d.ts';",
      "const f = await import('./f.ts');",
    ].join('\n');
    expect(importsOf(text)).toEqual([
      { name: './a.ts', typeOnly: true, dynamic: false },
      { name: './b.ts', typeOnly: true, dynamic: false },
      { name: './d.ts', typeOnly: false, dynamic: false },
      { name: './f.ts', typeOnly: false, dynamic: true },
    ]);
  });
});
