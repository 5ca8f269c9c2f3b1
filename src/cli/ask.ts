// Questions on the terminal. The only file that knows the prompt library, loaded when the first question is asked.

import { Cancelled } from './errors.ts';

/** One of several. */
export interface AskChoice {
  readonly value: string;
  readonly description?: string;
}

/** Questions; each throws {@link Cancelled} on Ctrl-C. */
export interface Asker {
  choose(message: string, choices: readonly AskChoice[]): Promise<string>;
  text(message: string, fallback?: string): Promise<string>;
  /** What is typed is not shown. An aborted signal takes the question away and throws. */
  secret(message: string, signal?: AbortSignal): Promise<string>;
  confirm(message: string): Promise<boolean>;
}

async function cancellable<T>(question: Promise<T>): Promise<T> {
  try {
    return await question;
  } catch (error) {
    if (error instanceof Error && error.name === 'ExitPromptError') throw new Cancelled();
    throw error;
  }
}

/** Where questions are read and shown: stdin and stderr, because stdout is for the result. */
export interface AskStreams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/** Asks on the streams, which are looked up when the first question is asked. */
export function terminalAsker(streams: () => AskStreams): Asker {
  return {
    async choose(message, choices) {
      const { select } = await import('@inquirer/prompts');
      return cancellable(select({ message, choices: [...choices] }, streams()));
    },
    async text(message, fallback) {
      const { input: ask } = await import('@inquirer/prompts');
      const validate = (answer: string): true | string => answer.trim() !== '' || 'please write something';
      const answer = ask(
        { message, validate, ...(fallback !== undefined && { default: fallback }) },
        streams(),
      );
      return (await cancellable(answer)).trim();
    },
    async secret(message, signal) {
      const { password } = await import('@inquirer/prompts');
      const validate = (answer: string): true | string => answer !== '' || 'please write something';
      const context = { ...streams(), ...(signal && { signal }) };
      return cancellable(password({ message, mask: '*', toggleMask: false, validate }, context));
    },
    async confirm(message) {
      const { confirm } = await import('@inquirer/prompts');
      return cancellable(confirm({ message, default: false }, streams()));
    },
  };
}
