// How to check the report itself, with nothing but a copy of the log.

import {
  headCommands,
  headVariables,
  logVariable,
  proveCommand,
  reportCommand,
  verifyCommand,
  verifyProofCommand,
} from '../commands.ts';
import { type Block, type Printing, type Section, text } from '../document.ts';
import type { Report } from '../report.ts';
import { storeVerify } from './store-verify.ts';
import { trustFacts } from './trust.ts';

export function verify(report: Report, printing: Printing): Section {
  if (report.store) return storeVerify(report, printing);
  const { digest, file, headFiles = [] } = printing;
  const { verification, grants, sample } = report;
  const newest = verification.logs.at(-1);
  const head = verification.valid && newest?.checkpoint ? headCommands(newest.checkpoint) : null;
  const event = grants.find(({ id }) => id === sample.grants[0])?.requestedEvent ?? '0';
  const [, origin = newest?.origin] = /^(.*):\d+$/.exec(event) ?? [];
  const itsLog = verification.logs.find((log) => log.origin === origin);
  return {
    id: 'verify',
    title: 'How to verify this report',
    blocks: [
      text(
        'Every command of this report is about a copy of the log, named once. A copy that was made while the broker ran is whole if SQLite made it (sqlite3 jit.db ".backup copy.db"):',
      ),
      { kind: 'commands', lines: [logVariable(file), ...headVariables(headFiles)] },
      text(`The log, with public keys alone. ${whoseKey(report)}`),
      { kind: 'facts', facts: trustFacts(report, printing) },
      { kind: 'commands', lines: [verifyCommand(report)] },
      ...(head === null ? [] : headBlocks(head)),
      text(
        'The report. The same log with as many events as are named above, the same period and the same version of jit give the same JSON, bit for bit (macOS: shasum -a 256):',
      ),
      { kind: 'commands', lines: [`${reportCommand(report)} --format json | sha256sum`] },
      { kind: 'preformatted', label: 'It prints', text: digest },
      text(
        'A copy with more events has another head, and another digest; what it says of the period is the same. The digest is about the log: a page that somebody edited still bears it. Make the page again and compare. Only the time it was made, where the log and the heads lay, and how many heads kept elsewhere it was compared with may differ:',
      ),
      {
        kind: 'commands',
        lines: [`${reportCommand(report)} --output again.html`, 'diff report.html again.html'],
      },
      text(
        'One event, for somebody who does not get the log: a proof, and its check by anybody who has the key.',
      ),
      {
        kind: 'commands',
        lines: [`${proveCommand(event)} --output event.tlog-proof`, verifyProofCommand(itsLog?.keys.at(-1))],
      },
      text(
        'What no log can show is what was never written to it. Compare the register with the logs of the targets, where each credential bears the name that the log has for it.',
      ),
    ],
  };
}

function whoseKey({ verification: { elsewhere } }: Report): string {
  return elsewhere
    ? 'Whoever made this report gave what is named as given here. Take keys and heads from somebody else than whoever gave you this report:'
    : 'Take the key from somebody else than whoever gave you this report; the one here is only what the log says of itself:';
}

/** Whoever keeps the report keeps a head. */
function headBlocks(head: readonly string[]): Block[] {
  return [
    text(
      'That nothing was cut off or written anew since this report was made: the log leads to the signed head that the report holds. This works with later copies, too:',
    ),
    { kind: 'commands', lines: head },
  ];
}
