// What jit writes, and where. The rules:
//   1. stdout is the result and nothing else; with --json it is one JSON document, or nothing after a failure.
//   2. Everything else goes to stderr: `jit: error: …`, `jit: hint: …`, `jit: warning: …`, and plain lines for progress.
//   3. Text of others (reasons, names, messages) is escaped; only jit's own colours reach the terminal.
//   4. A credential is never written here, unless asked for by name: `credential`, `token`, `env`,
//      `console --print`.
//      `elevate --keep` prints references only.
//   5. Colour and spinners are for terminals; no meaning is in colour alone. Times are the user's local clock.
// Owns: these rules. Must not: decide exit codes.

import { type Paint, paintFor } from './colour.ts';
import { escapeText } from './escape.ts';
import { toJsonText } from './json.ts';
import type { Outside } from './world.ts';

/** Where a command writes. */
export interface Output {
  /** Colours for stdout. */
  readonly paint: Paint;
  /** Colours for stderr. */
  readonly paintError: Paint;
  /** A part of the result, a newline added. */
  print(text: string): void;
  /** The whole result as JSON. */
  json(value: object): void;
  /** A line on stderr, a newline added. */
  note(text: string): void;
  warn(text: string): void;
  hint(text: string): void;
}

/** Builds the output by the environment and the colour flags. */
export function createOutput(
  outside: Pick<Outside, 'env' | 'isTTY' | 'stdout' | 'stderr'>,
  colour: boolean | null,
): Output {
  const { env, isTTY } = outside;
  const paint = paintFor({ env, isTTY: isTTY.stdout, flag: colour });
  const paintError = paintFor({ env, isTTY: isTTY.stderr, flag: colour });
  const note = (text: string): void => outside.stderr(`${text}\n`);
  return {
    paint,
    paintError,
    print: (text) => outside.stdout(`${text}\n`),
    json: (value) => outside.stdout(`${toJsonText(value)}\n`),
    note,
    warn: (text) => note(`jit: ${paintError.caution('warning:')} ${escapeText(text)}`),
    hint: (text) => note(`jit: ${paintError.faint('hint:')} ${escapeText(text)}`),
  };
}
