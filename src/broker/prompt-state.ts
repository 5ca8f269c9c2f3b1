// The file that shell prompts read: one active grant a line, absolute times, nothing to escape.
// Format: `jit1 2`, then `<end, epoch seconds> <grant> <target> <role>`; readers use builtins only.

import { toJitError } from '../core/errors.ts';
import { writeFleetingFile } from '../system/files.ts';
import type { Broker } from './broker.ts';

const forbidden = /[^A-Za-z0-9._/@:+-]/g;

/** Rewrites the file from the active grants. A prompt is a nicety: failure is logged, never thrown. */
export function writePromptState(broker: Broker): void {
  const grants = broker.ledger.activeGrants().filter((grant) => grant.state === 'active');
  const lines = grants.map((grant) => {
    const end = Math.floor((grant.deadline ?? 0) / 1000);
    return `${end} ${grant.id} ${plain(grant.target)} ${plain(grant.role)}\n`;
  });
  try {
    writeFleetingFile(broker.paths.promptState, `jit1 2\n${lines.join('')}`);
  } catch (thrown) {
    broker.log.warn(`the prompt-state file cannot be written: ${toJitError(thrown).message}`);
  }
}

function plain(name: string): string {
  return name.replace(forbidden, '_').slice(0, 40);
}
