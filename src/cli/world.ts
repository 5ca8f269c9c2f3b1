// Everything outside of the command line, in one record. src/cli/main.ts builds the real one, tests their own.

import type { Client } from '../client/client.ts';
import type { Session } from '../core/grant.ts';
import type { Offline, OpenBroker } from '../protocol/offline.ts';
import type { SessionOptions, SessionResult } from '../shell/session.ts';
import type { Clock } from '../system/clock.ts';
import type { Random } from '../system/random.ts';
import type { Asker } from './ask.ts';
import type { Command } from './define-command.ts';
import type { Output } from './output.ts';
import type { Screen, ScreenEvents } from './watch/screen.ts';

/** How to reach the broker. */
export interface ConnectOptions {
  /** As given by `--config`; null: where `JIT_CONFIG` or XDG says. */
  readonly config: string | null;
  /** Start a broker when none answers. */
  readonly start: boolean;
}

/** The broker inside of this process, while there is one. */
export interface OwnBroker {
  current: OpenBroker | null;
  /** A signal has come: nobody is waited for any more. */
  isHurried: boolean;
  /** The first signal that came since there is one. */
  signal?: NodeJS.Signals;
}

/** What `jit demo` is given. */
export interface DemoOptions {
  readonly shell: boolean;
}

/** The outside as {@link runCli} is given it. */
export interface Outside {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTTY: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Settles when stdout has taken all that was written to it. */
  readonly flushed: () => Promise<void>;
  /** What stdout has taken survives a crash of the machine from now on, where stdout is a file. */
  readonly kept: () => void;
  /** The answer takes back what stdout is given from now on, where stdout is a file. */
  readonly mark: () => () => void;
  /** Writes all of it to stdout, now, for a program that waits for it. @throws Error when nobody reads it */
  readonly handOver: (text: string) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly version: string;
  /** Needs nothing; loads nothing until called. */
  readonly connect: (options: ConnectOptions) => Promise<Client>;
  /** Starts a broker in this process; null when another one runs. */
  readonly openBroker: (config: string | null) => Promise<OpenBroker | null>;
  readonly ownBroker: OwnBroker;
  readonly loadOffline: () => Promise<Offline>;
  readonly runDemo: (options: DemoOptions) => Promise<number>;
  readonly runSession: (options: SessionOptions) => Promise<SessionResult>;
  /** This process, as the broker watches it. @throws JitError `ERR_UNSUPPORTED` where the system does not tell. */
  readonly ownSession: () => Session;
  /** All of standard input. @throws JitError `ERR_USAGE` when it is more than `largest` bytes */
  readonly readInput: (largest: number) => Promise<Uint8Array>;
  /** Questions on the terminal; loaded when the first one is asked. */
  readonly ask: Asker;
  /** Shows that something waits; the answer ends the showing. */
  readonly spin: (text: string) => Promise<() => void>;
  /** The whole terminal, for a picture that changes; only where stdin and stdout are terminals. */
  readonly openScreen: (events: ScreenEvents) => Screen;
  /** Calls back on a signal to this process, instead of ending it; the answer stops listening. */
  readonly onSignal: (callback: (signal: NodeJS.Signals) => void) => () => void;
  /** What shows the file of a page to the person at this machine; null: nothing does. */
  readonly browser: () => ((file: string) => Promise<void>) | null;
  /** True when the file is there. */
  readonly exists: (path: string) => boolean;
  readonly configPath: (flag: string | null) => string;
  readonly promptState: () => string;
  readonly hooksDir: string;
}

/** What a command is given: the outside, and what the common options say. */
export interface World extends Outside {
  /** Every command: help is made of them. */
  readonly registry: readonly Command[];
  readonly out: Output;
  /** As given by `--config`. */
  readonly config: string | null;
  /** Questions may be asked: stdin and stderr are terminals, this is no CI job, `--no-input` is absent. */
  readonly interactive: boolean;
  readonly ci: boolean;
  /** Where no broker runs, one is started in this process and not beside it. */
  readonly inProcess: boolean;
}
