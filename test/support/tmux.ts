// A terminal for tests: one tmux server on a socket of its own, typed into and read like a person would.

import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
let opened = 0;

/** Whether `program` is on the PATH. */
function isInstalled(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Which of `programs` are missing, as the reason for a skipped test; null when all are there. */
export function missing(...programs: readonly string[]): string | null {
  const absent = programs.filter((program) => !isInstalled(program));
  return absent.length === 0 ? null : `${absent.join(' and ')} not installed`;
}

/** A running terminal. */
export interface Terminal {
  /** Types a line and presses Enter. */
  line(text: string): Promise<void>;
  /** Presses keys by their tmux names, e.g. `C-c`. */
  press(...keys: string[]): Promise<void>;
  /** Types text without Enter. */
  type(text: string): Promise<void>;
  /** Everything on the screen and above it; with `colours`, the escape sequences too. */
  screen(options?: { colours?: boolean }): Promise<string>;
  /** Waits until the screen matches, and answers the match. Fails after `withinMs` and shows the screen. */
  waitFor(pattern: RegExp, options?: { withinMs?: number; colours?: boolean }): Promise<RegExpExecArray>;
  /** What tmux knows of the terminal, in its format language, e.g. `#{alternate_on}`. */
  ask(format: string): Promise<string>;
  /** Ends the server and with it every process on the terminal. */
  close(): Promise<void>;
}

/** What {@link openTerminal} needs. */
export interface TerminalOptions {
  readonly command: readonly string[];
  /** The whole environment of the command, tmux's own variables aside. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** Starts `command` in a terminal of 200 columns and 50 lines. */
export async function openTerminal({ command, env, cwd }: TerminalOptions): Promise<Terminal> {
  opened += 1;
  const socket = `jit-test-${process.pid}-${opened}`;
  const tmux = async (...args: string[]): Promise<string> => {
    const { stdout } = await run('tmux', ['-L', socket, '-f', '/dev/null', ...args], { env, cwd });
    return stdout;
  };
  await tmux('new-session', '-d', '-x', '200', '-y', '50', '-c', cwd, ...command);

  // A semicolon at the end of an argument would separate tmux's own commands.
  const type = async (text: string) => void (await tmux('send-keys', '-l', '--', text.replace(/;$/, '\\;')));
  const press = async (...keys: string[]) => void (await tmux('send-keys', ...keys));
  const screen = ({ colours = false } = {}) =>
    tmux('capture-pane', '-p', '-J', '-S', '-', ...(colours ? ['-e'] : []));

  return {
    type,
    press,
    screen,
    async line(text) {
      await type(text);
      await press('Enter');
    },
    async waitFor(pattern, { withinMs = 20_000, colours = false } = {}) {
      const limit = performance.now() + withinMs;
      let seen = '';
      while (performance.now() < limit) {
        seen = await screen({ colours });
        const match = pattern.exec(seen);
        if (match) return match;
        await new Promise((resolve) => setTimeout(resolve, 40));
      }
      throw new Error(`the screen never matched ${pattern}:\n${seen.trimEnd()}`);
    },
    ask: async (format) => (await tmux('display-message', '-p', format)).trimEnd(),
    async close() {
      // The server may have ended by itself with its last command.
      await tmux('kill-server').catch(() => undefined);
    },
  };
}
