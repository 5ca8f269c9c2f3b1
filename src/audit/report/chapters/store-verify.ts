// How to check a report on a shared store, with nothing but the right to read that store.

import {
  headVariables,
  proveCommand,
  reportCommand,
  storeVerifyCommand,
  verifyProofCommand,
} from '../commands.ts';
import { type Printing, type Section, text } from '../document.ts';
import type { Report } from '../report.ts';
import { trustFacts } from './trust.ts';

export function storeVerify(report: Report, printing: Printing): Section {
  const { digest, headFiles = [] } = printing;
  const { grants, sample, verification } = report;
  const drawn = grants.find(({ id }) => id === sample.grants[0])?.requestedEvent;
  const newest = verification.logs.at(-1);
  const event = drawn ?? `${newest?.origin ?? 'jit.0000000000000000'}:0`;
  const log = verification.logs.find(({ origin }) => event.startsWith(`${origin}:`));
  return {
    id: 'verify',
    title: 'How to verify this report',
    blocks: [
      text(
        'Every command of this report is about the shared store that the section "store" of a configuration names, with "auditor": any login that may read it. No broker is asked, and nothing but public keys is needed.',
      ),
      text(
        verification.elsewhere
          ? 'The logs. Whoever made this report gave what is named as given here; all other keys are only what the logs say of themselves. Take keys and heads from somebody else than whoever gave you this report:'
          : 'The logs. The keys here are only what the logs say of themselves: with --key and --head the store is held against keys and signed heads that somebody else kept, such as those of an older report.',
      ),
      { kind: 'facts', facts: trustFacts(report, printing) },
      { kind: 'commands', lines: [...headVariables(headFiles), storeVerifyCommand(report)] },
      text(
        'The report. The same state of the store, the same period and the same version of jit give the same JSON, bit for bit (macOS: shasum -a 256):',
      ),
      { kind: 'commands', lines: [`${reportCommand(report)} --format json | sha256sum`] },
      { kind: 'preformatted', label: 'It prints', text: digest },
      text(
        'A store goes on: as soon as a device has sent an event, heads and sizes are others, and so is the digest. To compare bit for bit, keep a copy of the database (pg_dump) with the report. What it says of the period is the same later, if the period was over and every device had sent what it had: compare all fields but "verification" and "controls", which tell of the whole store.',
      ),
      text(
        'One event, for somebody who gets no log and no login: a proof, from the store or on the device whose log it is (without --store), and its check by anybody who has the key.',
      ),
      {
        kind: 'commands',
        lines: [
          `${proveCommand(event, report)} --output event.tlog-proof`,
          verifyProofCommand(log?.keys.at(-1)),
        ],
      },
      text(
        'What no log can show is what was never written to it, and no store what was never sent. Compare the register with the logs of the targets, where each credential bears the name that the log has for it, and the devices with those that people have.',
      ),
    ],
  };
}
