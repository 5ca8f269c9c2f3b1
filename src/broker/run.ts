// The life of the broker's process: arguments, signals, until the end.

import { JitError } from '../core/errors.ts';
import { resolvePaths } from '../system/paths.ts';
import type { Broker } from './broker.ts';
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
  // The second of two signals finds the end under way; SIGQUIT is Ctrl-\ at a broker run by hand.
  let isLeaving = false;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const) {
    process.on(signal, () => {
      if (isLeaving) return;
      isLeaving = true;
      running.stop(signal).catch((thrown: unknown) => {
        running.broker.log.error(`cannot stop after ${signal}`, thrown);
        isLeaving = false;
      });
    });
  }
  for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) {
    process.on(signal, noteProbes(running.broker, signal));
  }
  // Nothing may end the broker by accident: what it holds could not be taken back then.
  process.on('uncaughtException', (thrown) => running.broker.log.error('uncaught', thrown));
  process.on('unhandledRejection', (thrown) => running.broker.log.error('unhandled', thrown));
  const heartbeat = setInterval(() => undefined, 2 ** 30);
  await running.ended;
  clearInterval(heartbeat);
}

/**
 * SIGUSR1 is how Node is told to open a debugger, SIGUSR2 how it is told to write a report: nothing happens but
 * that the log says so, once a minute at most so that nobody can flood it. Under `--disable-sigusr1` Node does
 * not even tell of the first.
 */
function noteProbes(broker: Broker, signal: string): () => void {
  let last = Number.NEGATIVE_INFINITY;
  return () => {
    if (broker.clock.sinceBoot() - last < 60_000) return;
    last = broker.clock.sinceBoot();
    broker.log.warn(`somebody sent ${signal}`);
    broker.ledger.writeRevocation({
      events: [{ type: 'process.signal_probe', at: broker.clock.now(), data: { signal } }],
    });
  };
}

function configArgument(argv: readonly string[]): string | null {
  if (argv.length === 0) return null;
  const [flag, path] = argv;
  if (flag === '--config' && path !== undefined && argv.length === 2) return path;
  throw new JitError('ERR_USAGE', 'the broker takes --config <path> and nothing else');
}
