// The chapters of a report, in order.

import type { Printing, Section } from '../document.ts';
import type { Report } from '../report.ts';
import { activity } from './activity.ts';
import { anomalies } from './anomalies.ts';
import { controls } from './controls.ts';
import { findings } from './findings.ts';
import { operation } from './operation.ts';
import { policy } from './policy.ts';
import { completeness, population } from './population.ts';
import { register, sample } from './register.ts';
import { scope } from './scope.ts';
import { summary } from './summary.ts';
import { timeliness } from './timeliness.ts';
import { verify } from './verify.ts';

type Chapter = (report: Report, printing: Printing) => Section;

const chapters: readonly Chapter[] = [
  summary,
  scope,
  completeness,
  population,
  activity,
  policy,
  timeliness,
  findings,
  anomalies,
  operation,
  controls,
  sample,
  register,
  verify,
];

export function chaptersOf(report: Report, printing: Printing): Section[] {
  return chapters.map((chapter) => chapter(report, printing));
}
