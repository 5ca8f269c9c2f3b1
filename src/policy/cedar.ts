// The door to Cedar: loads it on first use, states jit's schema, turns its errors into words and places.

import type { DetailedError } from '@cedar-policy/cedar-wasm/nodejs';

/** The functions of Cedar. */
export type Cedar = typeof import('@cedar-policy/cedar-wasm/nodejs');

let loading: Promise<Cedar> | undefined;

/** Cedar takes about 50 MB once used, so that nothing loads it before the first decision. */
export function loadCedar(): Promise<Cedar> {
  loading ??= import('@cedar-policy/cedar-wasm/nodejs');
  return loading;
}

/** What policies can speak about. Documented in docs/configuration.md; a change there is a change here. */
export const cedarSchema = `
entity Group;
entity User, Job, Agent in [Group];
entity Target;
entity Role in [Target] { target: String, role: String, provider: String, risk: String };
action "request" appliesTo {
  principal: [User, Job, Agent],
  resource: [Role],
  context: {
    duration_seconds: Long,
    reason: String,
    ticket: String,
    scope: String,
    hour: Long,
    weekday: String,
    weekday_number: Long,
    interactive: Bool,
    ci: Bool,
  }
};`;

/** A fault in a text of Cedar: what, and at which UTF-16 offset. */
export interface CedarFault {
  readonly message: string;
  readonly offset: number;
}

/** Cedar counts bytes of UTF-8. */
function utf16Offset(text: string, bytes: number): number {
  return Buffer.from(text, 'utf8').subarray(0, bytes).toString('utf8').length;
}

/** The fault behind an error of Cedar about `text`. */
function faultOf(error: DetailedError | undefined, text: string): CedarFault {
  if (!error) return { message: 'not valid Cedar', offset: 0 };
  const what = error.message
    .replace(/^failed to parse polic(y|ies)[^:]*: /, '')
    .replace(/for policy `[^`]*`, /g, '');
  const help = error.help?.replace(/for policy `[^`]*`, /g, '');
  const start = error.sourceLocations?.[0]?.start ?? 0;
  return { message: help ? `${what}; ${help}` : what, offset: utf16Offset(text, start) };
}

const longestStatement = 2100;
const deepest = 30;

/**
 * True for a text that could overflow the stack of the module, which cannot be used any more after that
 * (measured: 150 brackets deep, or chains of some 4 000 characters). Strings and comments do not count.
 */
function isTooComplex(text: string): boolean {
  const bare = text.replace(/"(?:[^"\\]|\\.)*"|\/\/.*/g, (part) => (part.startsWith('"') ? '""' : ''));
  let depth = 0;
  for (const char of bare) {
    if ('([{'.includes(char)) depth += 1;
    else if (')]}'.includes(char)) depth -= 1;
    if (depth > deepest) return true;
  }
  return bare.split(';').some((statement) => statement.length > longestStatement);
}

/** What strict validation says of one text of policies: the faults, and the warnings. */
export function validateText(cedar: Cedar, text: string): { faults: CedarFault[]; warnings: CedarFault[] } {
  if (isTooComplex(text)) {
    return { faults: [{ message: 'too long or too deeply nested', offset: 0 }], warnings: [] };
  }
  try {
    const parsed = cedar.checkParsePolicySet({ staticPolicies: text });
    if (parsed.type === 'failure') return { faults: [faultOf(parsed.errors[0], text)], warnings: [] };
    const answer = cedar.validate({ schema: cedarSchema, policies: { staticPolicies: text } });
    if (answer.type === 'failure') return { faults: [faultOf(answer.errors[0], text)], warnings: [] };
    return {
      faults: answer.validationErrors.map(({ error }) => faultOf(error, text)),
      warnings: answer.validationWarnings.map(({ error }) => faultOf(error, text)),
    };
  } catch {
    return { faults: [{ message: 'not readable as Cedar', offset: 0 }], warnings: [] };
  }
}
