// What jit writes, and where. The rules:
//   1. stdout is the result and nothing else; with --json it is one JSON document, or nothing after a failure.
//   2. Everything else goes to stderr: `jit: error: …`, `jit: hint: …`, `jit: warning: …`, and plain lines for progress.
//   3. Text of others (reasons, names, messages) is escaped; only jit's own colours reach the terminal.
//   4. A credential is never written here, unless asked for by name: `credential`, `token`, `env`,
//      `console --print`.
//      `elevate --keep` prints references only.
//   5. Colour and spinners are for terminals; no meaning is in colour alone. Times are the user's local clock.
//   6. What is not ASCII is shown in a UTF-8 locale only. Plain mode: no colour, no columns, nothing redrawn.
// Owns: these rules. Must not: decide exit codes.

import { type Paint, paintFor } from './colour.ts';
import { escapeText } from './escape.ts';
import { toJsonText } from './json.ts';
import { inAscii, type Manners } from './manners.ts';
import type { Outside } from './world.ts';

/** Where a command writes. */
export interface Output extends Manners {
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
  /** The same text as far as the locale can show it; for what goes to `print` and is not data. */
  legible(text: string): string;
}

/** Builds the output by the environment and the colour flags. */
export function createOutput(
  outside: Pick<Outside, 'env' | 'isTTY' | 'stdout' | 'stderr'>,
  colour: boolean | null,
  manners: Manners,
): Output {
  const { env, isTTY } = outside;
  const flag = colour ?? (manners.plain ? false : null);
  const paint = paintFor({ env, isTTY: isTTY.stdout, flag });
  const paintError = paintFor({ env, isTTY: isTTY.stderr, flag });
  const legible = (text: string): string => (manners.unicode ? text : inAscii(text));
  const note = (text: string): void => outside.stderr(`${legible(text)}\n`);
  return {
    ...manners,
    legible,
    paint,
    paintError,
    print: (text) => outside.stdout(`${text}\n`),
    json: (value) => outside.stdout(`${toJsonText(value)}\n`),
    note,
    warn: (text) => note(`jit: ${paintError.caution('warning:')} ${escapeText(text)}`),
    hint: (text) => note(`jit: ${paintError.faint('hint:')} ${escapeText(text)}`),
  };
}
