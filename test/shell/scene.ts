// The scene of a session test: a home, a run folder with a prompt-state file, a grant, and the harness's command line.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ShellTerms, usualShellTerms } from '../../src/core/shell-terms.ts';
import type { Risk } from '../../src/core/target.ts';
import type { Survivor } from '../../src/shell/survivors.ts';
import { processesMentioning } from '../support/processes.ts';
import { quietFish } from '../support/quiet-fish.ts';

const harness = fileURLToPath(new URL('./harness.ts', import.meta.url));

/** What a test may say about its session; see SessionOptions. */
export interface Described {
  readonly command: readonly string[] | null;
  readonly shell?: string;
  readonly graceMs?: number;
  readonly readyMs?: number;
  readonly extension?: string | null;
  /** Seconds until the deadline. */
  readonly seconds?: number;
  /** Terms of the shell that are not the usual ones. */
  readonly terms?: Partial<ShellTerms>;
  readonly risk?: Risk;
  /** Instead of what is usually handed out. */
  readonly env?: Readonly<Record<string, string>>;
  readonly unset?: readonly string[];
}

/** One folder with everything that a session touches. */
export interface Scene {
  readonly folder: string;
  readonly home: string;
  readonly runDir: string;
  readonly grant: { id: string; target: string; role: string; deadline: number };
  /** Writes session.json and answers the command line that runs it. */
  describe(described: Described): string[];
  /** Writes the prompt-state file as the broker does; each entry is a line without its newline. */
  writeState(...lines: string[]): void;
  /** Takes the prompt-state file away, as if the broker were gone. */
  removeState(): void;
  /** A line of the prompt-state file for this scene's grant, ending `seconds` from now. */
  entry(seconds: number): string;
  /** Says what the broker says at the end: the line is gone, the session is told. */
  endGrant(): Promise<void>;
  result(): unknown;
  /** Says what the broker says when the grant was extended: it ends `seconds` from now. */
  extendTo(seconds: number): void;
  /** Lets the session find, as after a stop, that so much time has passed; answers once it has looked at the clock. */
  sleep(seconds: number): Promise<void>;
  /** What the session told of processes that go on. */
  survivors(): readonly Survivor[];
  environment(extra?: Readonly<Record<string, string>>): Record<string, string>;
  /** What is left in the run folder. */
  runFiles(): string[];
  /** Waits until nothing of the scene runs any more, and removes it. Fails when something stays. */
  remove(): Promise<void>;
}

/** Makes a scene in a fresh temporary folder. */
export function makeScene(): Scene {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'jit-session-'));
  const home = path.join(folder, 'home');
  const runDir = path.join(folder, 'run');
  quietFish(home);
  mkdirSync(runDir, { mode: 0o700 });
  const stateFile = path.join(runDir, 'prompt');
  const grant = { id: `g${path.basename(folder).slice(-6)}`, target: 'prod-db', role: 'write', deadline: 0 };
  const epoch = () => Math.floor(Date.now() / 1000);
  const scene: Scene = {
    folder,
    home,
    runDir,
    grant,
    describe({ seconds = 1790, terms = {}, risk = 'medium', ...described }) {
      const session = {
        env: {
          PGSERVICE: 'prod-db',
          PGPASSFILE: path.join(runDir, 'pgpass'),
          DATABASE_URL: 'postgres://secret',
          OTHER_TOKEN: 'secret',
        },
        unset: ['PGPASSWORD'],
        secrets: ['DATABASE_URL', 'OTHER_TOKEN'],
        extension: '10m',
        stateFile,
        hooksDir: path.join(import.meta.dirname, '../../completions'),
        grant: { ...grant, risk, deadline: Date.now() + seconds * 1000 },
        terms: { ...usualShellTerms, ...terms },
        ...described,
      };
      writeFileSync(path.join(folder, 'session.json'), JSON.stringify(session));
      scene.writeState(scene.entry(seconds));
      return [process.execPath, harness, folder];
    },
    entry: (seconds) => `${epoch() + seconds} ${grant.id} ${grant.target} ${grant.role}`,
    writeState(...lines) {
      const fresh = `${stateFile}.new`;
      writeFileSync(fresh, [`jit1 ${lines.length}`, ...lines, ''].join('\n'), { mode: 0o600 });
      renameSync(fresh, stateFile);
    },
    removeState: () => rmSync(stateFile),
    async endGrant() {
      scene.writeState();
      writeFileSync(path.join(folder, 'ended'), '');
      await until(() => existsSync(path.join(folder, 'told')), 'the session hears of the end');
    },
    result() {
      const file = path.join(folder, 'result.json');
      return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
    },
    extendTo(seconds) {
      scene.writeState(scene.entry(seconds));
      const file = path.join(folder, 'extended');
      writeFileSync(`${file}.new`, String(Date.now() + seconds * 1000));
      renameSync(`${file}.new`, file);
    },
    async sleep(seconds) {
      writeFileSync(path.join(folder, 'slept'), String(seconds * 1000));
      process.kill(Number(readFileSync(path.join(folder, 'pid'), 'utf8')), 'SIGCONT');
      await until(() => existsSync(path.join(folder, 'looked')), 'the session looks at the clock');
    },
    survivors: () => JSON.parse(readFileSync(path.join(folder, 'survivors.json'), 'utf8')),
    environment: (extra = {}) => ({
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      HOME: home,
      LANG: 'C.UTF-8',
      SHELL: '/bin/bash',
      PGPASSWORD: 'of the user',
      JIT_TEST_SCENE: folder,
      ...extra,
    }),
    runFiles: () => readdirSync(runDir),
    async remove() {
      const left = await processesMentioning(folder);
      for (const { pid } of left) process.kill(pid, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
      if (left.length > 0) throw new Error(`still running: ${left.map(({ command }) => command).join(', ')}`);
    },
  };
  return scene;
}

/** Waits until `condition` holds; fails after `withinMs`. */
export async function until(condition: () => boolean, what: string, withinMs = 30_000): Promise<void> {
  const limit = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > limit) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
