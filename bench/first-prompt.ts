// How long it takes to the first prompt of a shell under a grant, beside the same shell plain plus one start of Node:
// once for the shell alone, and once for all of `jit elevate`, beside that and the statements of its grant, said by a
// Node that does nothing else. One line is typed in a shell of the same kind; time runs from Enter to the prompt.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { usualShellTerms } from '../src/core/shell-terms.ts';
import type { Scene } from '../src/demo/scene.ts';
import { bundleBare } from './bare.ts';
import { type Comparison, median } from './measure.ts';
import { logSize, readRecording } from './recording.ts';
import { canType, rcFiles, type ShellName, startTyping, type Typed, writeRcFiles } from './typed.ts';

const rounds = 15;
const broker = 'jit_broker';
const role = 'orders-db:read';
const hooksDir = path.join(import.meta.dirname, '..', 'completions');

/** Medians of {@link rounds} in milliseconds. */
export interface FirstPrompt {
  /** A session without a broker / the shell + a start of Node. */
  readonly session: Comparison;
  /** `jit elevate` / the shell + a Node that says its statements. */
  readonly elevate: Comparison;
  /** `jit elevate` / the shell + a start of Node. */
  readonly whole: Comparison;
}

/** For each shell; null: it, or script(1), is not installed. @throws Error when a prompt does not come */
export async function benchFirstPrompt(
  scene: Scene,
  jit: string,
): Promise<Readonly<Record<ShellName, FirstPrompt | null>>> {
  writeRcFiles(scene.env);
  const figures: [ShellName, FirstPrompt | null][] = [];
  for (const shell of Object.keys(rcFiles) as ShellName[]) {
    figures.push([shell, canType(shell) ? await measure(scene, jit, shell) : null]);
  }
  return Object.fromEntries(figures) as Record<ShellName, FirstPrompt | null>;
}

async function measure(scene: Scene, jit: string, shell: ShellName): Promise<FirstPrompt> {
  const typed = await startTyping(shell, scene.env);
  try {
    const node = JSON.stringify(process.execPath);
    const elevate = `${node} ${jit} elevate ${role} --for 30m`;
    const session = `${node} ${bundleBare('bare-session', scene.folder)} ${describeSession(scene, shell)}`;
    const empty = path.join(scene.folder, 'empty.cjs');
    writeFileSync(empty, '');
    const bare = [bundleBare('bare-elevate', scene.folder), await recordGrant(scene, typed, elevate)];
    const times = { elevate: [], session: [], plain: [], start: [], statements: [] } as Record<
      string,
      number[]
    >;
    for (let round = -2; round < rounds; round += 1) {
      const taken = {
        elevate: await typed.open(elevate, 'orders-db'),
        session: await typed.open(session, 'orders-db'),
        plain: await typed.open(shell, ''),
        start: timeNode(scene, [empty]),
        statements: timeNode(scene, bare),
      };
      if (round >= 0) for (const [what, time] of Object.entries(taken)) times[what]?.push(time);
    }
    const of = (what: string): number => median(times[what] ?? []);
    const compared = (ours: number, baseline: number): Comparison => ({
      ours,
      baseline,
      ratio: ours / baseline,
    });
    return {
      session: compared(of('session'), of('plain') + of('start')),
      elevate: compared(of('elevate'), of('plain') + of('statements')),
      whole: compared(of('elevate'), of('plain') + of('start')),
    };
  } finally {
    await typed.close();
  }
}

/** What the broker says to the server until the prompt of one grant is there; the grants before have loaded its driver. */
async function recordGrant(scene: Scene, typed: Typed, elevate: string): Promise<string> {
  await typed.open(elevate, 'orders-db');
  const from = logSize(scene.serverFolder);
  let recording: unknown;
  await typed.open(elevate, 'orders-db', () => {
    recording = readRecording(scene.serverFolder, from, broker);
  });
  const [, port] = /port: (\d+)/.exec(readFileSync(scene.configFile, 'utf8')) ?? [];
  const password = readFileSync(path.join(scene.folder, 'broker-password'), 'utf8');
  const login = { host: '127.0.0.1', port: Number(port), user: broker, password };
  const script = path.join(scene.folder, 'first-prompt.json');
  writeFileSync(script, JSON.stringify({ recording, login }), { mode: 0o600 });
  return script;
}

/** A grant that nobody gave, for the session alone. */
function describeSession(scene: Scene, shell: ShellName): string {
  const runDir = path.join(scene.folder, 'bare-session');
  mkdirSync(runDir, { recursive: true, mode: 0o700 });
  const stateFile = path.join(runDir, 'prompt');
  const deadline = Date.now() + 3_600_000;
  writeFileSync(stateFile, `jit1 3\n${Math.floor(deadline / 1000)} gbench orders-db read medium active\n`, {
    mode: 0o600,
  });
  const file = path.join(runDir, 'session.json');
  const described = {
    command: null,
    shell,
    env: { PGSERVICE: 'orders-db' },
    unset: ['PGPASSWORD'],
    secrets: [],
    extension: '30m',
    grant: { id: 'gbench', target: 'orders-db', role: 'read', risk: 'medium', deadline },
    terms: usualShellTerms,
    stateFile,
    hooksDir,
  };
  writeFileSync(file, JSON.stringify(described));
  return file;
}

function timeNode({ env }: Scene, args: readonly string[]): number {
  const begin = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args[0]} ended with ${status}: ${stderr}`);
  return performance.now() - begin;
}
