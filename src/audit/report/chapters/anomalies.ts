// What was unusual: recorded by the broker, and found by the same rules afterwards.

import { type Cell, type Printing, type Section, type Tone, text } from '../document.ts';
import type { AnomalyEntry } from '../entries.ts';
import type { Report } from '../report.ts';
import { counted, figure, timeText } from '../words.ts';

const most = 100;
const weights = ['critical', 'high', 'medium', 'low'] as const;
const tones: Readonly<Record<AnomalyEntry['severity'], Tone | null>> = {
  critical: 'bad',
  high: 'bad',
  medium: 'warn',
  low: null,
};

export function anomalies({ anomalies: all, store }: Report, { isWhole }: Printing): Section {
  const brokers = store ? 'the brokers' : 'the broker';
  const each = store ? ', device by device: what shows only on several of them is not found' : '';
  const ordered = isWhole ? all.found : byWeight(all.found).slice(0, most);
  const isCut = ordered.length < all.found.length;
  const more = isCut
    ? `: the ${figure(ordered.length)} gravest of ${figure(all.found.length)}, newest first`
    : '';
  const recorded = all.found.filter(({ isReplayed }) => !isReplayed).length;
  return {
    id: 'anomalies',
    title: 'Anomalies',
    blocks: [
      text(
        `${counted(recorded, 'anomaly', 'anomalies')} recorded by ${brokers} at the time. ${figure(all.found.length - recorded)} more were found when this report was made, by the same rules with their usual settings${each}; no event tells them, and nobody was told: they are marked "replayed". An anomaly is worth a look, no more.`,
      ),
      {
        kind: 'table',
        caption: 'Rules, and how often each found something',
        columns: ['Rule', 'When', 'Usual line', 'Recorded#', 'Replayed#'],
        rows: all.rules.map(({ rule, definition, settings, recorded: told, replayed }) => [
          rule,
          definition,
          settings,
          told,
          replayed,
        ]),
        empty: '',
      },
      {
        kind: 'table',
        caption: `Anomalies${more}`,
        columns: ['Time (UTC)', 'Severity', 'Rule', 'What', 'Shown by', 'From'],
        rows: ordered.map(({ at, severity, rule, why, evidence, event }) => [
          timeText(at),
          severityCell(severity),
          rule,
          why,
          { code: shortened(evidence) },
          event === null ? 'replayed' : { code: event },
        ]),
        empty: 'Nothing unusual.',
      },
    ],
  };
}

function byWeight(found: readonly AnomalyEntry[]): AnomalyEntry[] {
  return found.toSorted(
    (one, other) => weights.indexOf(one.severity) - weights.indexOf(other.severity) || other.at - one.at,
  );
}

function severityCell(severity: AnomalyEntry['severity']): Cell {
  const tone = tones[severity];
  return tone === null ? severity : { text: severity, tone };
}

function shortened(evidence: readonly string[]): string {
  const shown = evidence.slice(0, 5).join(' ');
  return evidence.length > 5 ? `${shown} … (${evidence.length})` : shown;
}
