// Questions on the terminal. The only file that knows the prompt library, loaded when the first question is asked. Where
// nothing may be redrawn, ask-plain.ts asks instead.

import { Cancelled } from './errors.ts';
import { paceInput } from './paced-input.ts';

/** One of several. */
export interface AskChoice {
  readonly value: string;
  /** As it is shown; the value unless told otherwise. */
  readonly name?: string;
  readonly description?: string;
}

/** Questions; each throws {@link Cancelled} on Ctrl-C. */
export interface Asker {
  choose(message: string, choices: readonly AskChoice[]): Promise<string>;
  /** One of what `find` answers to the text typed so far; the first of them is taken by Enter. */
  search(message: string, find: (typed: string) => readonly AskChoice[]): Promise<string>;
  text(message: string, fallback?: string): Promise<string>;
  /** Settles once exactly `wanted` was typed; asks again as long as something else was. */
  typed(message: string, wanted: string): Promise<void>;
  /** What is typed is not shown. An aborted signal takes the question away and throws. */
  secret(message: string, signal?: AbortSignal): Promise<string>;
}

/** Where questions are read and shown: stdin and stderr, because stdout is for the result. */
export interface AskStreams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/** How they look. */
export interface AskLook {
  readonly colour: boolean;
  readonly unicode: boolean;
}

/**
 * Waits for the answer to a question that reads `input`. On Ctrl-Z readline stops this process alone; with its whole group,
 * as the terminal itself does it, also the script or launcher that waits for it stops, and the shell has the terminal again.
 * When this process then goes on, readline pauses its input and leaves it to others to resume it: else no key would be read
 * any more, Ctrl-C included.
 */
async function cancellable<T>(question: Promise<T>, input: NodeJS.ReadableStream): Promise<T> {
  const stop = (): void => {
    process.off('SIGTSTP', stop);
    process.kill(0, 'SIGTSTP');
    // Where no shell could continue it, as in a terminal of its own or in "jit use", nothing stops, and readline still waits.
    setImmediate(() => process.kill(process.pid, 'SIGCONT'));
  };
  const goOn = (): void => {
    process.off('SIGTSTP', stop).on('SIGTSTP', stop);
    setImmediate(() => input.resume());
  };
  process.on('SIGTSTP', stop).on('SIGCONT', goOn);
  try {
    return await question;
  } catch (error) {
    if (error instanceof Error && error.name === 'ExitPromptError') throw new Cancelled();
    throw error;
  } finally {
    process.off('SIGTSTP', stop).off('SIGCONT', goOn);
    // What was resumed here readline does not pause: who reads on in the background of a shell is stopped by the terminal.
    input.pause();
  }
}

const same = (text: string): string => text;
const keysHelpTip = (): string => '(arrow keys, Enter)';

// The library asks the environment by itself, and knows neither our flags nor the locale.
const withoutColour = {
  answer: same,
  message: same,
  error: (text: string) => `> ${text}`,
  defaultAnswer: (text: string) => `(${text})`,
  help: same,
  highlight: same,
  key: (text: string) => `<${text}>`,
  disabled: same,
  searchTerm: same,
  description: same,
  keysHelpTip,
};

function themeFor({ colour, unicode }: AskLook): object {
  const isUsual = colour && unicode;
  return {
    ...(!isUsual && { prefix: { idle: '?', done: unicode ? '✔' : '*' } }),
    ...(!unicode && { icon: { cursor: '>' } }),
    style: { ...(!colour && withoutColour), ...(!unicode && { keysHelpTip }) },
  };
}

/** Asks on the streams, which are looked up when the first question is asked. */
export function terminalAsker(streams: () => AskStreams, look: AskLook): Asker {
  const theme = themeFor(look);
  const validate = (answer: string): true | string => answer.trim() !== '' || 'please write something';
  return {
    async choose(message, choices) {
      const { select } = await import('@inquirer/prompts');
      const context = streams();
      return cancellable(select({ message, choices: [...choices], theme }, context), context.input);
    },
    async search(message, find) {
      const { search } = await import('@inquirer/prompts');
      const source = (typed: string | undefined): AskChoice[] => [...find(typed ?? '')];
      const { input, output } = streams();
      const paced = paceInput(input);
      try {
        return await cancellable(
          search({ message, source, pageSize: 10, theme }, { input: paced.stream, output }),
          paced.stream,
        );
      } finally {
        paced.end();
      }
    },
    async text(message, fallback) {
      const { input } = await import('@inquirer/prompts');
      const context = streams();
      const answer = input(
        { message, validate, theme, ...(fallback !== undefined && { default: fallback }) },
        context,
      );
      return (await cancellable(answer, context.input)).trim();
    },
    async typed(message, wanted) {
      const { input } = await import('@inquirer/prompts');
      const isWanted = (answer: string): true | string =>
        answer.trim() === wanted || `that is not "${wanted}"; Ctrl-C leaves`;
      const context = streams();
      await cancellable(input({ message, validate: isWanted, theme }, context), context.input);
    },
    async secret(message, signal) {
      const { password } = await import('@inquirer/prompts');
      const isThere = (answer: string): true | string => answer !== '' || 'please write something';
      const context = { ...streams(), ...(signal && { signal }) };
      return cancellable(
        password({ message, mask: '*', toggleMask: false, validate: isThere, theme }, context),
        context.input,
      );
    },
  };
}
