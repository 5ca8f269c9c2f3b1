// What completion finds on a machine: the files of a broker, hostile lines among them, and a shell to ask.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { quietFish } from '../../support/quiet-fish.ts';

export const completions = path.join(import.meta.dirname, '../../../completions');

/** Lines that a broker never writes; a shell that evaluates one makes the file `ran`, by builtins alone. */
const hostileLines = (ran: string): string[] => [
  `$(: >${ran}) read`,
  `\`: >${ran}\``,
  `a[$(: >${ran})] read:a[$(:>${ran})]`,
  `orders-evil read:$(:>${ran}),ok`,
  `orders-quote' read`,
  `orders-"quote read`,
  'orders-tab\tread',
  'Orders-large read',
  '',
  ' ',
  '* read',
];

/** Files of a broker with four targets and two grants. */
export interface CompletionScene {
  readonly folder: string;
  readonly env: Record<string, string>;
  readonly ran: string;
}

/** A scene for all tests of a file. */
export function useCompletionScene(): CompletionScene {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'jit-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return completionScene(folder);
}

/** @param targets lines of the names file beside the usual ones */
export function completionScene(folder: string, targets: readonly string[] = []): CompletionScene {
  const ran = path.join(folder, 'ran');
  const state = path.join(folder, 'state');
  mkdirSync(path.join(state, 'run'), { recursive: true });
  quietFish(folder);
  const lines = [
    'aws-prod admin read:billing,logs',
    'orders-db read:customers,orders-only write',
    'orders-test read',
    'repos read',
    ...targets,
    ...hostileLines(ran),
  ].sort();
  writeFileSync(path.join(state, 'names'), ['# jit names 1', ...lines, ''].join('\n'));
  const grants = [
    '1795348612 g7f3k2 orders-db read',
    '1795349512 h9xk01 aws-prod admin',
    `1795349512 $(:>${ran}) aws-prod admin`,
    `a[$(:>${ran})] x1 aws-prod admin`,
  ];
  writeFileSync(path.join(state, 'run/prompt'), ['jit1 4', ...grants, ''].join('\n'));
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, LANG: 'C.UTF-8', JIT_STATE_DIR: state };
  return { folder, env, ran };
}

/** Runs a shell to its end and answers the lines that it printed. @throws Error when it says anything on stderr */
export function linesOf(command: readonly string[], env: Record<string, string>): string[] {
  const [program = '', ...args] = command;
  const { stdout, stderr, status } = spawnSync(program, args, { env, encoding: 'utf8' });
  if (stderr !== '' || status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  return stdout.split('\n').filter((line) => line !== '');
}
