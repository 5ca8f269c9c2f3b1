// The life of the broker's process: arguments, signals, until the end.

import { JitError } from '../core/errors.ts';
import { resolvePaths } from '../system/paths.ts';
import { startBroker } from './start.ts';

/**
 * Serves until asked to stop, by verb, signal or idleness.
 * @param argv `--config <path>`, or nothing
 * @throws JitError as `startBroker`; `ERR_USAGE` for other arguments
 */
export async function runBrokerProcess(
  hardening: Readonly<Record<string, string>>,
  argv: readonly string[],
): Promise<void> {
  const paths = resolvePaths(process.env, { config: configArgument(argv) });
  const running = await startBroker(paths, hardening);
  // Another one serves already, which is what whoever started us wanted.
  if (running === null) return;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => void running.stop(signal));
  }
  // Nothing may end the broker by accident: what it holds could not be taken back then.
  process.on('uncaughtException', (thrown) => running.broker.log.error('uncaught', thrown));
  process.on('unhandledRejection', (thrown) => running.broker.log.error('unhandled', thrown));
  const heartbeat = setInterval(() => undefined, 2 ** 30);
  await running.ended;
  clearInterval(heartbeat);
}

function configArgument(argv: readonly string[]): string | null {
  if (argv.length === 0) return null;
  const [flag, path] = argv;
  if (flag === '--config' && path !== undefined && argv.length === 2) return path;
  throw new JitError('ERR_USAGE', 'the broker takes --config <path> and nothing else');
}
