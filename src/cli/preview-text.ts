// What would be granted, in words: the verdict and the provider's own lines. Shared by the commands that show it before.

import type { Milliseconds } from '../core/time.ts';
import type { PreviewReply } from '../protocol/routes.ts';
import type { Paint } from './colour.ts';
import { escapeLines, escapeText } from './escape.ts';
import { roleAndScope } from './grant-text.ts';
import { lengthText } from './time-text.ts';

/** What of a decision a verdict says. */
type Decided = Pick<PreviewReply, 'outcome' | 'principal' | 'target' | 'role' | 'scope'> & {
  readonly duration: Milliseconds | null;
};

/** `allowed: prod-db:read as user:alice for 30m` */
export function verdictText(shown: Decided, paint: Paint): string {
  const length = shown.duration === null ? '' : ` for ${lengthText(shown.duration)}`;
  const name = `${roleAndScope(shown)} as ${escapeText(shown.principal)}`;
  if (shown.outcome === 'allowed') return `${paint.good('allowed')}: ${name}${length}`;
  if (shown.outcome === 'denied') return `${paint.alarm('denied')}: ${name}`;
  return `${paint.caution('needs approval')}: ${name}${length}`;
}

/** A provider's lines, safe to print: what has several lines of its own, as a policy, stands indented below its first. */
export function previewLines(preview: readonly string[], indent: string): string[] {
  return preview.flatMap((entry) => {
    const [first = '', ...more] = escapeLines(entry).split('\n');
    return [`${indent}${first}`, ...more.map((line) => `${indent}  ${line}`)];
  });
}
