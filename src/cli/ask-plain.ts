// Questions for screen readers and terminals that cannot redraw: one line out, one line in. Lists are numbered. Must not:
// write an escape sequence, or load anything before a question is asked.

import type { AskChoice, Asker, AskStreams } from './ask.ts';
import { Cancelled } from './errors.ts';
import { escapeText } from './escape.ts';

/** What {@link plainAsker} needs. */
export interface PlainOptions {
  readonly streams: () => AskStreams;
  /** Calls back on Ctrl-C, which the terminal turns into a signal here; the answer stops listening. */
  readonly onSignal: (callback: (signal: NodeJS.Signals) => void) => () => void;
  /** Calls back when this process was stopped and goes on; the answer stops that. */
  readonly onContinue: (callback: () => void) => () => void;
  /** Stops this process and its group, as the terminal itself does on Ctrl-Z. */
  readonly stop: () => void;
}

const mostShown = 20;

const isOurs = (signal: NodeJS.Signals): signal is 'SIGINT' | 'SIGTERM' | 'SIGHUP' =>
  signal === 'SIGINT' || signal === 'SIGTERM' || signal === 'SIGHUP';

/** One line as the terminal itself edits it. @throws Cancelled at Ctrl-C, Ctrl-D and the end of the input */
function readLine(
  { streams, onSignal, onContinue }: PlainOptions,
  message: string,
  signal?: AbortSignal,
): Promise<string> {
  const { input, output } = streams();
  const { createInterface } = process.getBuiltinModule('node:readline');
  return new Promise((resolve, reject) => {
    const reader = createInterface({ input, terminal: false });
    let stop = (): void => {};
    let stopAsking = (): void => {};
    const end = (settle: () => void): void => {
      stop();
      stopAsking();
      signal?.removeEventListener('abort', abort);
      settle();
      reader.close();
    };
    const cancel = (how: 'SIGINT' | 'SIGTERM' | 'SIGHUP' = 'SIGINT'): void => {
      output.write('\n');
      end(() => reject(new Cancelled(how)));
    };
    const abort = (): void => end(() => reject(signal?.reason as Error));
    reader.once('line', (line) => end(() => resolve(line)));
    // Also after an answer, which has settled the promise by then.
    reader.once('close', () => end(() => reject(new Cancelled())));
    stop = onSignal((caught) => (isOurs(caught) ? cancel(caught) : cancel()));
    signal?.addEventListener('abort', abort);
    const ask = (): void => void output.write(`${message} `);
    // What was typed before the terminal has dropped; the shell has written over the question.
    stopAsking = onContinue(ask);
    // Last, so that whoever sees the question is listened to.
    ask();
  });
}

const ctrlC = '\u0003';
const ctrlD = '\u0004';
const ctrlZ = '\u001a';
const erasing = new Set(['\u007f', '\b']);

/** One line that the terminal does not show; it hands over key by key meanwhile. @throws as {@link readLine} */
function readHidden(
  { streams, onContinue, stop }: PlainOptions,
  message: string,
  signal?: AbortSignal,
): Promise<string> {
  const { input, output } = streams();
  const terminal = input as NodeJS.ReadableStream & { setRawMode?: (raw: boolean) => void };
  const raw = (on: boolean): void => void terminal.setRawMode?.(on);
  return new Promise((resolve, reject) => {
    let typed: string[] = [];
    const end = (settle: () => void): void => {
      input.off('data', take);
      input.off('end', cancel);
      signal?.removeEventListener('abort', abort);
      stopAsking();
      isStopping = false;
      raw(false);
      input.pause();
      output.write('\n');
      settle();
    };
    const cancel = (): void => end(() => reject(new Cancelled()));
    const abort = (): void => end(() => reject(signal?.reason as Error));
    const take = (chunk: Buffer | string): void => {
      for (const key of String(chunk)) {
        const isOver = key === ctrlC || key === ctrlD;
        if (isOver) cancel();
        else if (key === ctrlZ) suspend();
        else if (key === '\r' || key === '\n') end(() => resolve(typed.join('')));
        else typed = erasing.has(key) ? typed.slice(0, -1) : [...typed, key];
      }
    };
    let isStopping = false;
    const suspend = (): void => {
      isStopping = true;
      raw(false);
      output.write('\n');
      stop();
      // Where no shell could continue it nothing stops; a turn later, for who was continued asks by itself.
      setImmediate(() => setImmediate(() => isStopping && ask()));
    };
    // From its beginning: nobody remembers how far an unseen word was.
    const ask = (): void => {
      isStopping = false;
      typed = [];
      raw(false); // the shell may have changed the terminal meanwhile, and the same mode is not set twice
      raw(true);
      output.write(`${message} `);
    };
    const stopAsking = onContinue(ask);
    ask();
    input.on('data', take).once('end', cancel);
    signal?.addEventListener('abort', abort);
    input.resume();
  });
}

function listOf(choices: readonly AskChoice[]): string {
  const lines = choices
    .slice(0, mostShown)
    .map(
      ({ value, name = value, description }, index) =>
        `${index + 1}: ${name}${description ? `, ${description}` : ''}`,
    );
  const more = choices.length - mostShown;
  return [...lines, ...(more > 0 ? [`${more} more; type a part of the name`] : [])].join('\n');
}

/** Asks line by line on the streams, which are looked up when a question is asked. */
export function plainAsker(options: PlainOptions): Asker {
  const say = (text: string): void => void options.streams().output.write(`${text}\n`);

  async function pick(message: string, find: (typed: string) => readonly AskChoice[]): Promise<string> {
    let shown = find('');
    for (;;) {
      const question = `${message}\n${listOf(shown)}\nNumber or text, Enter for 1:`;
      const line = (await readLine(options, question)).trim();
      const byNumber = line === '' ? shown[0] : /^\d{1,3}$/.test(line) ? shown[Number(line) - 1] : undefined;
      if (byNumber) return byNumber.value;
      const fitting = find(line);
      const [first] = fitting;
      // A part of a name is shown as what it stands for before it is taken: access would be given by a guess.
      if (first?.value === line) return line;
      if (first) shown = fitting;
      else say(`nothing fits "${escapeText(line)}"`);
    }
  }

  async function text(message: string, fallback?: string): Promise<string> {
    for (;;) {
      const usual = fallback === undefined ? '' : ` (Enter for ${fallback})`;
      const line = (await readLine(options, `${message}${usual}:`)).trim() || fallback;
      if (line) return line;
      say('please write something');
    }
  }

  return {
    choose: (message, choices) =>
      pick(message, (typed) =>
        choices.filter(({ value }) => value.toLowerCase().startsWith(typed.toLowerCase())),
      ),
    search: pick,
    text,
    async typed(message, wanted) {
      while ((await readLine(options, `${message}:`)).trim() !== wanted) {
        say(`that is not "${wanted}"; Ctrl-C leaves`);
      }
    },
    async secret(message, signal) {
      for (;;) {
        const line = await readHidden(options, `${message} (not shown):`, signal);
        if (line !== '') return line;
        say('please write something');
      }
    },
  };
}
