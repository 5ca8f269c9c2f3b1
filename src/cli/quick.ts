// The few command lines that prompts, scripts and people repeat all day, understood without the parser: loading it,
// and all commands for it, takes longer than all the rest. Must not: understand anything that the parser does not.

import type { Instant } from '../core/time.ts';
import { status } from './commands/status.ts';
import { commonOptions } from './define-command.ts';
import type { Parsed } from './parse.ts';
import { readOptions } from './values.ts';

/** `jit`, `jit status`, `jit status --json` and `jit --version` as the parser would understand them; null: ask the parser. */
export function understandQuickly(argv: readonly string[], now: Instant): Parsed | null {
  const [first, second] = argv;
  const version = first === '--version' || first === '-V';
  const isStatus = first === status.name && (second === undefined || second === '--json');
  const isAlone = first === undefined || (version && second === undefined);
  if (!(isAlone || isStatus) || argv.length > 2) return null;
  return {
    command: isStatus ? status : null,
    args: {},
    options: {},
    common: readOptions(commonOptions, {}, now, null),
    json: second === '--json',
    help: false,
    version,
  };
}
