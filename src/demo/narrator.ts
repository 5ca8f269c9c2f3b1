// How the demonstration speaks: what it does, what it types, what came back. Must not: do anything itself.

import { styleText } from 'node:util';

/** A way to tell the story; every method writes whole lines. */
export interface Narrator {
  /** Colours are wanted: handed on to the commands that are run. */
  readonly colour: boolean;
  /** A step begins. */
  title(text: string): void;
  say(text: string): void;
  /** What is typed, and by whom: `$` the user, `postgres=#` the superuser. */
  typed(text: string, prompt?: string): void;
  /** What a command said. */
  output(text: string): void;
  /** Something that had to be so, is so. */
  confirm(text: string): void;
  fail(text: string): void;
}

/** @param write where the story goes */
export function createNarrator(write: (text: string) => void, colour: boolean): Narrator {
  const style = (format: Parameters<typeof styleText>[0], text: string): string =>
    colour ? styleText(format, text, { validateStream: false }) : text;
  let step = 0;
  return {
    colour,
    title: (text) => {
      step += 1;
      write(`\n${style('bold', `${step}. ${text}`)}\n`);
    },
    say: (text) => write(`   ${text}\n`),
    typed: (text, prompt = '$') => write(`\n   ${style('cyan', `${prompt} `)}${style('bold', text)}\n`),
    output: (text) => {
      const lines = text.replace(/\s+$/, '').split('\n');
      write(lines.map((line) => (line === '' ? '\n' : `   ${line}\n`)).join(''));
    },
    confirm: (text) => write(`   ${style('green', `✔ ${text}`)}\n`),
    fail: (text) => write(`\n   ${style('red', `✘ ${text}`)}\n`),
  };
}
