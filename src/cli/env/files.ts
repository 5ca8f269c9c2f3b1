// Variables as files that a program reads: the part of each format that all of its readers understand alike.

import { cannotCarry, type Form } from './variables.ts';

const plain = /^[\w./:@%+,=-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is refused
const control = /[\u0000-\u001f\u007f\u2028\u2029\u0085]/;

/**
 * There is no standard. Plain values are bare; others stand in single quotes, which sh, Node, npm's dotenv and python-dotenv
 * all read as they are, as long as there is no quote, backslash or line break inside, and no `$`, which the last one and
 * dotenv-expand replace there too.
 */
export const dotenv: Form = {
  removes: false,
  isForChildren: false,
  text: ({ set }) =>
    Object.entries(set)
      .map(([name, value]) => `${name}=${dotenvValue(name, value)}\n`)
      .join(''),
};

function dotenvValue(name: string, value: string): string {
  if (value === '' || plain.test(value)) return value;
  if (control.test(value))
    throw cannotCarry('dotenv', name, 'it has a line break or another control character');
  if (/['\\$]/.test(value)) throw cannotCarry('dotenv', name, 'it has a single quote, a backslash or "$"');
  return `'${value}'`;
}

/** GitLab's own limit of a dotenv report, in bytes (docs.gitlab.com "artifacts:reports:dotenv"). */
const largestReport = 5 * 1024;

/**
 * A dotenv report of GitLab, which takes quotes as part of the value, no line breaks and no spaces (docs.gitlab.com
 * "artifacts:reports:dotenv"). What GitLab might replace later (`$`) is refused as well.
 */
export const gitlab: Form = {
  removes: false,
  isForChildren: false,
  // Settings of git name a helper that asks the broker of this machine.
  leavesOut: (name, value) => value === '' || /^GIT_CONFIG_(COUNT|(KEY|VALUE)_\d+)$/.test(name),
  text({ set }) {
    const rows = Object.entries(set).map(([name, value]) => `${name}=${gitlabValue(name, value)}\n`);
    const text = rows.join('');
    const last = Object.keys(set).at(-1) ?? '';
    if (Buffer.byteLength(text) > largestReport)
      throw cannotCarry('gitlab', last, `the report would have more than ${largestReport} bytes`);
    return text;
  },
};

function gitlabValue(name: string, value: string): string {
  const why =
    /\s/.test(value) || control.test(value)
      ? 'it has a space or line break'
      : /['"`$\\]/.test(value)
        ? 'it has a quote, a backslash or "$"'
        : null;
  if (why === null) return value;
  throw cannotCarry('gitlab', name, why, 'within one job: eval "$(jit env … --format sh)"');
}

/** One object, name to value, as it is. */
export const json: Form = {
  removes: false,
  isForChildren: false,
  text: ({ set }) => `${JSON.stringify(set, null, 2)}\n`,
};
