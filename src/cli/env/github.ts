// GitHub Actions' own ways to set a variable or an output and to hide a value (docs.github.com "Workflow commands").

import { type Random, randomId } from '../../system/random.ts';
import { cannotCarry } from './variables.ts';

/**
 * Commands that make the runner hide these values in all that comes after. A value of several lines is hidden by line, and
 * in a URL its password is hidden by itself too.
 */
export function maskLines(values: readonly string[]): string[] {
  const parts = values.flatMap((value) => [...value.split(/[\r\n]+/), ...passwordsOf(value)]);
  return [...new Set(parts)]
    .filter((part) => part.trim() !== '')
    .map((part) => `::add-mask::${escapeData(part)}`);
}

/** As actions/toolkit escapes the data of a command. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function passwordsOf(value: string): string[] {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value) || !URL.canParse(value)) return [];
  const { password } = new URL(value);
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}

/** The runner refuses it, since a step could take over the next ones by it. */
const refused = 'NODE_OPTIONS';

/** Entries for the file of `GITHUB_ENV` or `GITHUB_OUTPUT`, whatever the values hold: nobody guesses where one ends. */
export function fileEntries(set: Readonly<Record<string, string>>, random: Random): string {
  if (refused in set)
    throw cannotCarry('github', refused, 'the runner refuses to set it', 'jit elevate … -- command');
  return Object.entries(set)
    .map(([name, value]) => {
      const end = `jit_${randomId(random, 26)}`;
      return `${name}<<${end}\n${value}\n${end}\n`;
    })
    .join('');
}
