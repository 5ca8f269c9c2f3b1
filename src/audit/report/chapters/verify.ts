// How to check the report itself, with nothing but a copy of the log.

import { logVariable, proveCommand, reportCommand } from '../commands.ts';
import { type Printing, type Section, text } from '../document.ts';
import type { Report } from '../report.ts';

export function verify(report: Report, { digest, file }: Printing): Section {
  const { verification, grants, sample } = report;
  const key = verification.logs.at(-1)?.keys.at(-1);
  const trusting = key === undefined ? '' : ` --key '${key}'`;
  const drawn = grants.find(({ id }) => id === sample.grants[0]);
  return {
    id: 'verify',
    title: 'How to verify this report',
    blocks: [
      text('Every command of this report is about a copy of the log, named once:'),
      { kind: 'commands', lines: [logVariable(file)] },
      text(
        'The log, with public keys alone. Take the key, and a signed head, from somebody else than whoever gave you this report:',
      ),
      { kind: 'commands', lines: [`jit audit verify "$LOG"${trusting}`] },
      text(
        'The report. The same log up to the head that is named above, the same period and the same version of jit give the same JSON, bit for bit:',
      ),
      { kind: 'commands', lines: [`${reportCommand(report)} --format json | sha256sum`] },
      { kind: 'preformatted', label: 'It prints', text: digest },
      text(
        'One event, for somebody who does not get the log: a proof, and its check by anybody who has the key.',
      ),
      {
        kind: 'commands',
        lines: [
          `${proveCommand(drawn?.requestedEvent ?? '0')} --output event.tlog-proof`,
          `jit audit verify-proof event.tlog-proof${trusting}`,
        ],
      },
      text(
        'What no log can show is what was never written to it. Compare the register with the logs of the targets, where each credential bears the name that the log has for it.',
      ),
    ],
  };
}
