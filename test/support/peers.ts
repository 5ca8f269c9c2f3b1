// The real AWS clients that `npm run peers` brings: where they are, how a test starts each, what they answered.

import { existsSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..', '..');
const folder = path.join(root, '.cache', 'peers');
const bin = path.join(folder, 'python', 'bin');

export const motoServer = path.join(bin, 'moto_server');

/** With them first, `aws` is the CLI of ours. */
export const peersPath = `${bin}${path.delimiter}${process.env['PATH'] ?? ''}`;

/** Why tests with them are skipped; null when all are there. */
export const noPeers: string | null = [
  motoServer,
  path.join(bin, 'aws'),
  path.join(folder, 'go', 'client'),
].every((file) => existsSync(file))
  ? null
  : 'the real AWS clients are not there: npm run peers';

/** What each client is asked: `identity` is sts:GetCallerIdentity, `account` is sts:GetAccessKeyInfo. */
export type Call = 'identity' | 'account';

/** A client by the name that its vendor gives it. */
export interface Peer {
  readonly name: string;
  /** The command for one call. */
  once(call: Call): string[];
  /** The command of one process that makes a call for every line of stdin; null when it cannot. */
  readonly lasting: string[] | null;
  /** What it said of a call that worked. @throws when it did not */
  said(stdout: string): string;
}

interface Line {
  readonly call: Call;
  readonly said?: string;
  readonly error?: string;
}

/** One line of the three programs of test/peers. */
export function readLine(line: string): Line {
  return JSON.parse(line) as Line;
}

function program(name: string, command: readonly string[]): Peer {
  return {
    name,
    once: (call) => [...command, call],
    lasting: [...command, '-'],
    said(stdout) {
      const { said, error } = readLine(stdout);
      if (said === undefined) throw new Error(error);
      return said;
    },
  };
}

const cliCalls: Readonly<Record<Call, readonly string[]>> = {
  identity: ['get-caller-identity', '--query', 'Arn'],
  account: ['get-access-key-info', '--access-key-id', 'ASIAEXAMPLEEXAMPLE00', '--query', 'Account'],
};

export const peers: readonly Peer[] = [
  {
    name: 'AWS CLI',
    once: (call) => ['aws', 'sts', ...cliCalls[call], '--output', 'text'],
    lasting: null,
    said: (stdout) => stdout.trim(),
  },
  program('boto3', [path.join(bin, 'python'), path.join(root, 'test/peers/boto.py')]),
  program('SDK for JavaScript', [process.execPath, path.join(root, 'test/peers/children/javascript.ts')]),
  program('Go SDK v2', [path.join(folder, 'go', 'client')]),
];
