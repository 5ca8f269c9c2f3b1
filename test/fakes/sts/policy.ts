// Evaluates the part of the IAM policy language that jit relies on. An operator it does not know makes a policy
// malformed, so that nothing is allowed or denied by an evaluation that never happened.

/** The values that conditions look at. */
export type Context = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: unknown;
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface Policy {
  readonly Version?: string;
  readonly Statement: readonly Statement[];
}

/** What a set of policies says to one request. */
export type Verdict = 'allow' | 'explicit-deny' | 'none';

const list = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : ((Array.isArray(value) ? value : [value]) as readonly T[]);

export function like(pattern: string, value: string): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${escaped}$`, 's').test(value);
}

type Test = (actual: string, wanted: string) => boolean;
const dated =
  (test: (a: number, b: number) => boolean): Test =>
  (actual, wanted) => {
    const [a, b] = [Date.parse(actual), Date.parse(wanted)];
    return !Number.isNaN(a) && !Number.isNaN(b) && test(a, b);
  };

const operators: Readonly<Record<string, Test>> = {
  StringEquals: (a, b) => a === b,
  ArnEquals: (a, b) => like(b, a),
  ArnLike: (a, b) => like(b, a),
  StringLike: (a, b) => like(b, a),
  Bool: (a, b) => a === b,
  DateGreaterThan: dated((a, b) => a > b),
  DateGreaterThanEquals: dated((a, b) => a >= b),
  DateLessThan: dated((a, b) => a < b),
  DateLessThanEquals: dated((a, b) => a <= b),
};
const negated: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotLike: 'StringLike',
};

function holds(operator: string, key: string, wanted: readonly string[], context: Context): boolean {
  const found = Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
  const actual = list(found as string | readonly string[] | undefined);
  if (operator === 'Null') return wanted.includes(String(actual.length === 0));
  const name = operator.replace(/IfExists$/, '');
  if (actual.length === 0) return operator.endsWith('IfExists') || name in negated;
  const positive = negated[name];
  const test = operators[positive ?? name];
  if (!test) throw new Error(`condition operator ${operator}`);
  const matches = actual.some((one) => wanted.some((other) => test(one, other)));
  return positive === undefined ? matches : !matches;
}

/** True when every condition of the statement holds. */
export function conditionsHold(statement: Statement, context: Context): boolean {
  return Object.entries(statement.Condition ?? {}).every(([operator, block]) =>
    Object.entries(block).every(([key, wanted]) => holds(operator, key, list(wanted), context)),
  );
}

/** True when the statement is about this action. */
export function isAbout(statement: Statement, action: string): boolean {
  const matches = (patterns: string | readonly string[] | undefined): boolean =>
    list(patterns).some((pattern) => like(pattern.toLowerCase(), action.toLowerCase()));
  return statement.NotAction === undefined ? matches(statement.Action) : !matches(statement.NotAction);
}

/** The verdict of identity or session policies. */
export function evaluate(
  policies: readonly Policy[],
  action: string,
  resource: string,
  context: Context,
): Verdict {
  const hits = policies
    .flatMap((policy) => policy.Statement)
    .filter((one) => isAbout(one, action))
    .filter((one) => list(one.Resource ?? '*').some((pattern) => like(pattern, resource)))
    .filter((one) => conditionsHold(one, context));
  if (hits.some((one) => one.Effect === 'Deny')) return 'explicit-deny';
  return hits.length > 0 ? 'allow' : 'none';
}

/** Reads a document; null when it is no policy that could be stored. */
export function readPolicy(text: string): Policy | null {
  try {
    const parsed = JSON.parse(text) as { Statement?: Statement | Statement[] };
    const statements = list(parsed.Statement);
    if (statements.length === 0) return null;
    for (const one of statements) {
      if (one.Effect !== 'Allow' && one.Effect !== 'Deny') return null;
      if (one.Action === undefined && one.NotAction === undefined) return null;
      if (one.Sid !== undefined && !/^[A-Za-z0-9]*$/.test(one.Sid)) return null;
      for (const operator of Object.keys(one.Condition ?? {})) {
        const name = operator.replace(/IfExists$/, '');
        if (!(name in operators) && !(name in negated) && name !== 'Null') return null;
      }
    }
    return { ...parsed, Statement: statements };
  } catch {
    return null;
  }
}

/** IAM counts characters without the blanks that JSON does not need. */
export function sizeOf(text: string): number {
  return text.replace(/\s/g, '').length;
}
