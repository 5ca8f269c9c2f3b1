// The policy in force and its changes.

import { bad, good, type Section, text } from '../document.ts';
import type { PolicyLoad, Report } from '../report.ts';
import { counted, timeText } from '../words.ts';

export function policy({ policy: history }: Report): Section {
  const { before, changes, loads, used } = history;
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
      {
        kind: 'table',
        caption: 'Decisions by policy',
        columns: ['Digest', 'Decisions#', 'Its load'],
        rows: used.map(({ digest, decisions, isKnown }) => [
          { code: digest },
          decisions,
          isKnown ? good('on record') : bad('not in this log'),
        ]),
        empty: 'Nothing was decided.',
      },
    ],
  };
}

function rowOf({ at, event, digest, path, targets, entitlements }: PolicyLoad, note: string) {
  return [timeText(at), { code: event }, { code: digest }, { code: path }, targets, entitlements, note];
}
