// kill -9 of the broker or of the server between an append and its acknowledgement, many times; then a look at what the store
// has: every event of the log exactly once, in order, byte for byte.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openStore } from '../../src/store/open.ts';
import { systemClock } from '../../src/system/clock.ts';
import { systemRandom } from '../../src/system/random.ts';
import { startStore } from '../shared-store/support.ts';
import type { PostgresServer } from '../support/postgres.ts';
import { startProxy } from './proxy.ts';

/** Who dies, and whether the server had answered by then. */
const ways = [
  'broker, append under way',
  'broker, answer on its way',
  'server process, append under way',
  'server process, answer on its way',
  'whole server, append under way',
  'whole server, answer on its way',
] as const;

/** What became of it. */
export interface Tortured {
  readonly kills: Readonly<Record<string, number>>;
  readonly events: number;
  /** What is wrong, in words. */
  readonly broken: readonly string[];
}

/** @param random answers numbers from 0 up to 1 */
export async function torture(
  runs: number,
  random: () => number,
  onRun: (run: number) => void = () => undefined,
): Promise<Tortured> {
  const server = await startStore();
  const proxy = await startProxy(server.host, server.port);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'jit-sync-'));
  mkdirSync(path.join(folder, 'state'), { mode: 0o700 });
  writeFileSync(path.join(folder, 'jit.yaml'), configFor(proxy.port), { mode: 0o600 });
  const kills: Record<string, number> = {};
  const broken: string[] = [];
  let broker = startBroker(folder);
  try {
    for (let run = 0; run < runs && broken.length === 0; run += 1) {
      // The whole server takes a second to come back: one in ten.
      const way = ways[run % 10 === 9 ? 4 + ((run / 10) & 1) : run % 4] ?? ways[0];
      await broker.acknowledged();
      const sent = new Promise<number>((resolve) => {
        proxy.set({ keepAnswer: way.endsWith('on its way'), spring: resolve });
      });
      const pid = await Promise.race([sent, broker.ended]);
      await pause(random() * 3);
      if (way.startsWith('broker')) {
        broker.process.kill('SIGKILL');
        await broker.ended;
        broker = startBroker(folder);
      } else if (way.startsWith('server process')) {
        if (pid !== undefined && !killBackend(pid)) {
          run -= 1;
          continue;
        }
      } else {
        await server.kill();
        await server.start();
      }
      kills[way] = (kills[way] ?? 0) + 1;
      if (broker.isOver()) broken.push(`run ${run}, ${way}: the broker gave up`);
      onRun(run);
    }
    await broker.acknowledged();
    broker.process.kill('SIGKILL');
    await broker.ended;
    const { wrong, events } = await compare(server, folder, broker.said());
    return { kills, events, broken: [...broken, ...wrong] };
  } finally {
    broker.process.kill('SIGKILL');
    await proxy.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const configFor = (port: number): string => `version: 1
targets: { t: { provider: command, roles: { r: {} }, issue: [/bin/true], revoke: [/bin/true] } }
entitlements: []
store: { host: 127.0.0.1, port: ${port}, database: postgres, user: writer, password: "env:STORE" }
`;

/** SIGKILL to the process that serves the writer: the server ends all others and recovers. False: it has ended before. */
function killBackend(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

interface Broker {
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
  /** Settles when the store has acknowledged something from now on. */
  acknowledged(): Promise<void>;
  isOver(): boolean;
  /** The largest size that was acknowledged. */
  said(): number;
}

function startBroker(folder: string): Broker {
  const script = path.join(import.meta.dirname, 'children', 'broker.ts');
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  let size = 0;
  let isOver = false;
  const waiting: (() => void)[] = [];
  const tell = (): void => {
    for (const settle of waiting.splice(0)) settle();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const found = [...text.matchAll(/^has (\d+)$/gm)].map(([, digits]) => Number(digits));
    if (found.length === 0) return;
    size = Math.max(size, ...found);
    tell();
  });
  const ended = new Promise<void>((resolve) => {
    child.on('exit', () => {
      isOver = true;
      tell();
      resolve();
    });
  });
  return {
    process: child,
    ended,
    isOver: () => isOver,
    said: () => size,
    acknowledged: () => new Promise((resolve) => (isOver ? resolve() : waiting.push(resolve))),
  };
}

async function compare(server: PostgresServer, folder: string, said: number) {
  const store = openStore({
    path: path.join(folder, 'state', 'jit.db'),
    clock: systemClock,
    random: systemRandom,
    readOnly: true,
  });
  try {
    const rows = await server.sql('SELECT seq::int, body FROM jit.events ORDER BY received, seq');
    const [log] = await server.sql('SELECT size::int, checkpoint_size::int FROM jit.logs');
    const own = store.bodies(0, Number.MAX_SAFE_INTEGER);
    const wrong: string[] = [];
    if (rows.length < said) wrong.push(`${said} events were acknowledged, ${rows.length} are there`);
    if (log?.['size'] !== rows.length)
      wrong.push(`the log says ${log?.['size']} events, ${rows.length} are there`);
    for (const [at, { seq, body }] of rows.entries()) {
      if (seq === at && own[at] && Buffer.compare(own[at], body as Buffer) === 0) continue;
      wrong.push(`row ${at} has sequence ${seq}, or other bytes than the log`);
      break;
    }
    return { wrong, events: rows.length };
  } finally {
    store.close();
  }
}
