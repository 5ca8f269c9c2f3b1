// Hints after `--config`: the next command reads the same configuration. Must not: change any other hint.

import { JitError } from '../core/errors.ts';
import { quotedWord } from './quoted-word.ts';
import type { World } from './world.ts';

// Those that read the configuration, by themselves or through the broker.
const reading = /\bjit (?:policy (?:check|explain|test)|elevate|targets)\b/;

/** A hint that names a command which reads the configuration, with `--config`; any other as it is. */
export function hintWithConfig(config: string | null, hint: string): string {
  if (config === null || hint.includes('--config')) return hint;
  return hint.replace(reading, (command) => `${command} --config ${quotedWord(config)}`);
}

/** The same failure with such a hint. */
export function withConfig({ config }: Pick<World, 'config'>, thrown: unknown): unknown {
  if (!(thrown instanceof JitError) || thrown.hint === undefined) return thrown;
  const { code, message, hint } = thrown;
  const named = hintWithConfig(config, hint);
  return named === hint ? thrown : new JitError(code, message, { hint: named, cause: thrown });
}
