// Entry of the broker's process. First hardens itself, then loads everything else.

import { toJitError } from '../core/errors.ts';
import { hardenProcess } from '../system/hardening.ts';
import { exitProcess, writeStderr } from '../system/process-edge.ts';

const hardening = hardenProcess();

const { runBrokerProcess } = await import('./run.ts');

try {
  await runBrokerProcess(hardening, process.argv.slice(2));
  exitProcess(0);
} catch (thrown) {
  const { startFailure } = await import('./start.ts');
  writeStderr(`${startFailure(toJitError(thrown))}\n`);
  exitProcess(1);
}
