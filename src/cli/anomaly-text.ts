// An anomaly in words.

import type { Instant } from '../core/time.ts';
import type { AnomalyView } from '../protocol/views.ts';
import type { Paint } from './colour.ts';
import { escapeText } from './escape.ts';
import { clockText } from './time-text.ts';

const endings: Record<AnomalyView['action'], string> = {
  observe: '',
  notify: '',
  revoke: '; its grant was ended',
};

/** `14:32  high activation-burst: user:ada got prod-db:read 4 times …` */
export function anomalyLine(anomaly: AnomalyView, now: Instant, paint: Paint): string {
  const { severity, rule, why, action, foundAt } = anomaly;
  const mark = severity === 'high' || severity === 'critical' ? paint.alarm(severity) : severity;
  return `${clockText(foundAt, now)}  ${mark} ${escapeText(rule)}: ${escapeText(why)}${endings[action]}`;
}
