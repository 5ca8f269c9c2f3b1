// One run of the command line, from argv to exit code. Owns: the order of things, showing failures.
// Must not: touch the real process; src/cli/main.ts does.

import { JitError } from '../core/errors.ts';
import { isCi } from '../system/ci.ts';
import { overview } from './commands/overview.ts';
import { Cancelled, exitCodeFor, showFailure, signalExit } from './errors.ts';
import { failureFlags } from './failure-flags.ts';
import { mannersOf } from './manners.ts';
import { createOutput, type Output } from './output.ts';
import type { Parsed } from './parse.ts';
import { understandQuickly } from './quick.ts';
import { ReaderGone } from './standard-stream.ts';
import { closeOwnBroker, commandHelp, parseCommandLine, registry, showHelp } from './whole.ts';
import type { Outside, World } from './world.ts';

/** `JIT_BROKER` says it; without, CI jobs have their broker in the command. @throws JitError `ERR_USAGE` */
function wantsInProcess(env: Outside['env'], ci: boolean): boolean {
  const said = env.JIT_BROKER;
  if (said === undefined || said === '') return ci;
  if (said === 'in-process' || said === 'resident') return said === 'in-process';
  throw new JitError('ERR_USAGE', 'JIT_BROKER is neither "in-process" nor "resident"', {
    hint: 'unset JIT_BROKER',
  });
}

function worldOf(outside: Outside, parsed: Parsed, out: Output): World {
  const ci = isCi(outside.env);
  const mayAsk = outside.isTTY.stdin && outside.isTTY.stderr && !ci && parsed.common['no-input'] !== true;
  const config = typeof parsed.common.config === 'string' ? parsed.common.config : null;
  return {
    ...outside,
    // Looked up when help asks: it is behind the door.
    get registry() {
      return registry;
    },
    out,
    config,
    ci,
    interactive: mayAsk,
    inProcess: wantsInProcess(outside.env, ci),
  };
}

async function dispatch(outside: Outside, parsed: Parsed, out: Output): Promise<number> {
  if (parsed.version) {
    out.print(`jit ${outside.version}`);
    return 0;
  }
  const { command, args, options, json } = parsed;
  if (parsed.help) {
    if (command) out.print(commandHelp(command, out));
    else showHelp(registry, out, typeof args.group === 'string' ? [args.group] : []);
    return 0;
  }
  const world = worldOf(outside, parsed, out);
  if (!command) return overview(world);
  return command.run(world, { args, options, json });
}

/**
 * Runs `jit` with `outside.argv` (without node and script) and answers the exit code. Never throws: what goes
 * wrong is written to stderr.
 */
export async function runCli(outside: Outside): Promise<number> {
  const { json, debug, colour } = failureFlags(outside.argv);
  const out = createOutput(outside, colour, mannersOf(outside.env, outside.argv));
  let beforeCommand = false;
  try {
    const now = outside.clock.now();
    const parsed = understandQuickly(outside.argv, now) ?? parseCommandLine(registry, outside.argv, now);
    beforeCommand = Array.isArray(parsed.args.command) && parsed.args.command.length > 0;
    return await dispatch(outside, parsed, out);
  } catch (error) {
    // Nothing is left to say, and that is no failure.
    if (error instanceof ReaderGone) return 0;
    if (error instanceof Cancelled) {
      out.note('jit: cancelled');
      return signalExit[error.signal];
    }
    return exitCodeFor(showFailure(error, { json, debug }, out, outside.stderr), beforeCommand);
  } finally {
    if (outside.ownBroker.current) await closeOwnBroker({ ...outside, out });
  }
}
