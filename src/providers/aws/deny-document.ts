// The inline policy of a role that denies single sessions: all of them packed in one document, each in a statement that
// tells when it may go. Pure; nothing but the document is needed to prune it.

import type { Instant } from '../../core/time.ts';
import { denyGrace } from './handle.ts';

/** IAM quotas: sum of the inline policies of one role, characters without blanks. */
export const inlineQuota = 10_240;

/** One session to deny. */
export interface DeniedSession {
  /** By the tag when the session has it, else by the end of `aws:userid`, which is the session's name. */
  readonly by: 'tag' | 'name';
  readonly value: string;
  readonly endsBy: Instant;
}

interface Statement {
  readonly Sid?: string;
  readonly [key: string]: unknown;
}

// A statement per hour keeps what is repeated small, and goes as a whole.
const hour = 3_600_000;
const sidForm = /^Jit(Tag|Name)(\d{10,11})$/;
const conditionOf = {
  tag: (values: readonly string[]) => ({ StringEquals: { 'aws:PrincipalTag/jit:lease': values } }),
  name: (values: readonly string[]) => ({ StringLike: { 'aws:userid': values } }),
};

/** What a document denies; statements that are not jit's come back as `foreign`. @returns null when it is no policy */
export function readDenied(text: string): { denied: DeniedSession[]; foreign: Statement[] } | null {
  try {
    const { Statement: found } = JSON.parse(text) as { Statement?: Statement | Statement[] };
    const denied: DeniedSession[] = [];
    const foreign: Statement[] = [];
    for (const statement of [found ?? []].flat()) {
      const match = sidForm.exec(statement.Sid ?? '');
      const by = match?.[1] === 'Tag' ? 'tag' : 'name';
      const condition = statement['Condition'] as
        | Record<string, Record<string, string | string[]>>
        | undefined;
      const values = Object.values(Object.values(condition ?? {})[0] ?? {})[0];
      if (!match || values === undefined) {
        foreign.push(statement);
        continue;
      }
      const endsBy = Number(match[2]) * 1000;
      for (const value of [values].flat()) {
        denied.push({ by, value: by === 'name' ? value.replace(/^\*:/, '') : value, endsBy });
      }
    }
    return { denied, foreign };
  } catch {
    return null;
  }
}

/** Without those whose session has ended by itself. */
export function prune(denied: readonly DeniedSession[], now: Instant): DeniedSession[] {
  return denied.filter((one) => now < one.endsBy + denyGrace);
}

/** The document; null when it would deny nobody. Minified: IAM counts characters. */
export function writeDenied(
  denied: readonly DeniedSession[],
  foreign: readonly Statement[] = [],
): string | null {
  const groups = new Map<string, { by: DeniedSession['by']; values: Set<string> }>();
  for (const { by, value, endsBy } of denied) {
    const end = (Math.ceil(endsBy / hour) * hour) / 1000;
    const sid = `Jit${by === 'tag' ? 'Tag' : 'Name'}${end}`;
    const group = groups.get(sid) ?? { by, values: new Set() };
    group.values.add(by === 'name' ? `*:${value}` : value);
    groups.set(sid, group);
  }
  const own = [...groups].sort().map(([Sid, { by, values }]) => ({
    Sid,
    Effect: 'Deny',
    Action: '*',
    Resource: '*',
    Condition: conditionOf[by]([...values].sort()),
  }));
  const all = [...foreign, ...own];
  return all.length === 0 ? null : JSON.stringify({ Version: '2012-10-17', Statement: all });
}
