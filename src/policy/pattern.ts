// Regular expressions of the config: which are taken, and how one is matched without risk of hanging.

import { type Context, createContext, Script } from 'node:vm';

/** Longer texts are never matched. */
export const longestMatchedText = 1000;

/** Patterns are short. */
const longestPattern = 300;

/** Bound of one match; an honest pattern takes microseconds. */
const matchMilliseconds = 250;

/** True when a repeated group holds a repetition or a choice: the shapes that backtrack without end. */
function repeatsARepetition(pattern: string): boolean {
  const groups: boolean[] = [];
  let inClass = false;
  let closed = false;
  for (let index = 0; index < pattern.length; index += 1) {
    const char = pattern[index];
    const rest = pattern.slice(index);
    const repeated = !inClass && /^([*+]|\{\d+,?\d*\})/.test(rest);
    if (repeated && closed) return true;
    if (repeated || (char === '|' && !inClass)) groups.fill(true);
    closed = false;
    if (char === '\\') index += 1;
    else if (inClass) inClass = char !== ']';
    else if (char === '[') inClass = true;
    else if (char === '(') groups.push(false);
    else if (char === ')') closed = groups.pop() ?? false;
  }
  return false;
}

/** What is wrong with `pattern` as a regular expression of the config, in words; null when nothing is. */
export function patternProblem(pattern: string): string | null {
  if (pattern === '') return 'expected a regular expression';
  if (pattern.length > longestPattern) return `expected a pattern of at most ${longestPattern} characters`;
  try {
    new RegExp(pattern, 'u');
  } catch {
    return 'expected a regular expression of JavaScript (with the flag u)';
  }
  if (/\\[1-9]|\\k</.test(pattern)) return 'expected a pattern without back references';
  if (repeatsARepetition(pattern)) {
    return 'expected a pattern in which no repeated group holds another repetition or a choice';
  }
  return null;
}

const match = new Script('pattern.test(text)');
let context: Context | undefined;

/**
 * Whether `text` matches. False for what is longer than {@link longestMatchedText} and for a match that takes
 * too long: nobody gets in by a slow text.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  if (text.length > longestMatchedText) return false;
  try {
    context ??= createContext(Object.create(null));
    Object.assign(context, { pattern: new RegExp(pattern, 'u'), text });
    return match.runInContext(context, { timeout: matchMilliseconds }) === true;
  } catch {
    return false;
  }
}
