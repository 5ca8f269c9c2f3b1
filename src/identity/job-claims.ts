// Which job of the configuration the claims of a verified token are; and if none, what differs. Pure.

import type { Issuer, IssuerKind, JobRule } from '../core/issuer.ts';

/** Claims of a token whose signature was verified. */
export type Claims = Readonly<Record<string, unknown>>;

const most = 120;

/** A value from outside as it may be shown: in quotes, on one line, not too long. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  return `"${cut.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"]/g, '?')}"`;
}

/** What of the token is not as the job has it, in words; empty: the token is this job. */
function differences({ claims: wanted }: JobRule, claims: Claims): string[] {
  return [...wanted].flatMap(([claim, values]) => {
    const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
    // Only texts: a number or list that looks alike in another notation is not the same.
    if (typeof value === 'string' && values.includes(value)) return [];
    const expected = values.map(shown).join(', ');
    if (value === undefined) return [`${claim} is missing, expected ${expected}`];
    return [`${claim} ${shown(value)} is ${values.length === 1 ? 'not' : 'none of'} ${expected}`];
  });
}

/** The first job that fits, or why the one that comes nearest does not. */
export function jobOf(issuer: Issuer, claims: Claims): { job: string } | { why: string } {
  const compared = issuer.jobs.map((rule) => ({ name: rule.name, lacks: differences(rule, claims) }));
  const fitting = compared.find(({ lacks }) => lacks.length === 0);
  if (fitting) return { job: fitting.name };
  const [nearest] = compared.toSorted((one, other) => one.lacks.length - other.lacks.length);
  if (!nearest) return { why: 'the issuer has no jobs' };
  return { why: `it is not job "${nearest.name}": ${nearest.lacks.join(', ')}` };
}

const told: Record<IssuerKind, readonly string[]> = {
  github: [
    'repository',
    'repository_id',
    'repository_owner_id',
    'environment',
    'ref',
    'sha',
    'event_name',
    'job_workflow_ref',
    'run_id',
    'run_attempt',
    'actor',
  ],
  gitlab: [
    'project_path',
    'project_id',
    'namespace_id',
    'environment',
    'ref',
    'sha',
    'pipeline_source',
    'ci_config_ref_uri',
    'pipeline_id',
    'job_id',
    'user_login',
  ],
};

/** What the audit keeps of a token: which run of which job it was. Never the token. */
export function factsOf(kind: IssuerKind, claims: Claims): Record<string, string> {
  return Object.fromEntries(
    told[kind].flatMap((claim) => {
      const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
      return typeof value === 'string' ? [[claim, value.slice(0, 500).toWellFormed()]] : [];
    }),
  );
}
