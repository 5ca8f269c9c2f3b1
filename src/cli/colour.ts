// Whether a stream gets colours, and the few colours that jit uses. Colour never carries meaning alone.

import { Chalk, type ChalkInstance } from 'chalk';

/** What decides about colour. */
export interface ColourQuestion {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTTY: boolean;
  /** `--color` or `--no-color`; null: neither. */
  readonly flag: boolean | null;
}

/** Flag, then NO_COLOR (non-empty), then FORCE_COLOR, then a terminal that is not dumb. */
export function wantsColour({ env, isTTY, flag }: ColourQuestion): boolean {
  if (flag !== null) return flag;
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return isTTY && env.TERM !== 'dumb';
}

/** The meanings that have a colour. */
export interface Paint {
  readonly good: (text: string) => string;
  readonly caution: (text: string) => string;
  readonly alarm: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

const same = (text: string): string => text;
const plain: Paint = { good: same, caution: same, alarm: same, strong: same, faint: same };

/** The colours, or none of them. */
export function paintFor(question: ColourQuestion): Paint {
  if (!wantsColour(question)) return plain;
  // Sixteen colours only: they follow the user's own theme.
  const chalk: ChalkInstance = new Chalk({ level: 1 });
  // Chalk joins further arguments, which would show the index when used with map.
  return {
    good: (text) => chalk.green(text),
    caution: (text) => chalk.yellow(text),
    alarm: (text) => chalk.red.bold(text),
    strong: (text) => chalk.bold(text),
    faint: (text) => chalk.dim(text),
  };
}
