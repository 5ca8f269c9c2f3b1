// Entry of the broker's process. First hardens itself, then loads everything else.

import { toJitError } from '../core/errors.ts';
import { hardenProcess } from '../system/hardening.ts';
import { exitProcess, writeStderr } from '../system/process-edge.ts';

try {
  const hardening = hardenProcess();
  const { runBrokerProcess } = await import('./run.ts');
  await runBrokerProcess(hardening, process.argv.slice(2));
  exitProcess(0);
} catch (thrown) {
  const { code, message, hint } = toJitError(thrown);
  writeStderr(`${JSON.stringify({ error: { code, message, hint } })}\n`);
  exitProcess(1);
}
