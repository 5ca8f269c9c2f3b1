// The policy in force and its changes.

import { type Block, bad, good, type Printing, type Section, text } from '../document.ts';
import type { PolicyHistory, PolicyLoad, Report, SharedPolicy } from '../report.ts';
import { counted, figure, timeText } from '../words.ts';

export function policy(report: Report, { isWhole }: Printing): Section {
  const { before, changes, loads, used, policies } = report.policy;
  if (policies) return sharedPolicy(report.policy, policies, isWhole);
  const rows = [
    ...(before === null ? [] : [rowOf(before, 'in force at the beginning')]),
    ...changes.map((load) => rowOf(load, '')),
  ];
  return {
    id: 'policy',
    title: 'Policy in force, and its changes',
    blocks: [
      text(
        `The policy was loaded ${counted(loads, 'time')} in the period and was another ${counted(changes.length, 'time')}. Its digest is the SHA-256 of the policy that decides; every decision names it.`,
      ),
      {
        kind: 'table',
        caption: 'Policies in order of load',
        columns: ['Loaded (UTC)', 'Event', 'Digest', 'File', 'Targets#', 'Entitlements#', 'Note'],
        rows,
        empty: 'No load of a policy is on record.',
      },
      decisions(used, 'not in this log before the decision'),
    ],
  };
}

/** Changes that a person would still look through. */
const most = 100;

/** Of many devices: each has the policy of its own file. */
function sharedPolicy(
  { changes, loads, used }: PolicyHistory,
  policies: readonly SharedPolicy[],
  isWhole: boolean,
): Section {
  const shown = isWhole ? changes : changes.slice(-most).reverse();
  const more =
    shown.length < changes.length ? `: the ${figure(shown.length)} newest of ${figure(changes.length)}` : '';
  return {
    id: 'policy',
    title: 'Policies in force, and their changes',
    blocks: [
      text(
        `Each device has the policy of its own file. A policy was loaded ${counted(loads, 'time')} in the period, ${counted(changes.length, 'time')} another one than before on that device; ${counted(policies.length, 'policy was', 'policies were')} in force on any. The digest is the SHA-256 of the policy that decides; every decision names it.`,
      ),
      {
        kind: 'table',
        caption: 'Policies, and on how many devices they were in force',
        columns: [
          'First loaded (UTC)',
          'Event',
          'Digest',
          'Targets#',
          'Entitlements#',
          'Devices at the beginning#',
          'At the end#',
        ],
        rows: policies.map(({ digest, first, devicesBefore, devicesAfter }) => [
          ...[timeText(first.at), { code: first.event }, { code: digest }],
          ...[first.targets, first.entitlements, devicesBefore, devicesAfter],
        ]),
        empty: 'No load of a policy is on record.',
      },
      {
        kind: 'table',
        caption: `Changes of the policy on a device${more}`,
        columns: ['Loaded (UTC)', 'Event', 'Digest', 'File', 'Targets#', 'Entitlements#', 'Note'],
        rows: shown.map((load) => rowOf(load, '')),
        empty: 'None.',
      },
      decisions(used, 'not in the log of the device'),
    ],
  };
}

function decisions(used: PolicyHistory['used'], missing: string): Block {
  return {
    kind: 'table',
    caption: 'Decisions by policy',
    columns: ['Digest', 'Decisions#', 'Its load'],
    rows: used.map(({ digest, decisions: count, isKnown }) => [
      { code: digest },
      count,
      isKnown ? good('on record') : bad(missing),
    ]),
    empty: 'Nothing was decided.',
  };
}

function rowOf({ at, event, digest, path, targets, entitlements }: PolicyLoad, note: string) {
  return [timeText(at), { code: event }, { code: digest }, { code: path }, targets, entitlements, note];
}
