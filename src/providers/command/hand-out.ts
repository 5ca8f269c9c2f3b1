// How a child is told about what a program made: secrets by files that variables name, in the environment only when asked for.

import { Secret } from '../../core/secret.ts';
import type { HandOut, HandOutFile } from '../provider.ts';
import type { IssueAnswer } from './messages.ts';
import { variablePattern } from './names.ts';

/** Names of the `exports` below. */
export const exportKinds = ['env'] as const;

/** Each secret in a file of its own, as it is: no newline at the end. */
export function handOut({ env, secrets, files, unset }: IssueAnswer): HandOut {
  const own = Object.entries(secrets).map(
    ([name, value]): HandOutFile => ({
      name: fileOf(name),
      variable: variableOf(name),
      content: new Secret(value),
    }),
  );
  const given = files.map(
    ({ name, variable, content }): HandOutFile => ({ name, variable, content: new Secret(content) }),
  );
  const values = Object.entries(secrets).map(([name, value]) => [name, new Secret(value)] as const);
  return {
    env,
    files: [...own, ...given],
    // The user's own value of a variable that this grant is about would win over the file in many clients.
    unset: [...new Set([...unset, ...Object.keys(secrets)])],
    exports: { env: Object.fromEntries(values) },
  };
}

const variableOf = (name: string): string => `${name}_FILE`;
const fileOf = (name: string): string => `${name.toLowerCase()}.secret`;

/** What of an answer would hide something else, or show a secret: a sentence without any value; null when all is well. */
export function answerProblem({ env, secrets, files, handle }: IssueAnswer): string | null {
  const variables = [
    ...Object.keys(env),
    ...Object.keys(secrets).flatMap((name) => [name, variableOf(name)]),
    ...files.map(({ variable }) => variable),
  ];
  if (new Set(variables).size < variables.length) return 'a variable is given twice';
  if (variables.some((name) => !variablePattern.test(name))) return 'the name of a variable is too long';
  // Not all file systems tell capitals apart.
  const names = [...Object.keys(secrets).map(fileOf), ...files.map(({ name }) => name.toLowerCase())];
  if (new Set(names).size < names.length) return 'a file is given twice';
  const open = JSON.stringify([env, handle ?? null]);
  const isShown = (value: string): boolean =>
    value.length >= 4 && open.includes(JSON.stringify(value).slice(1, -1));
  return Object.values(secrets).some(isShown) ? 'a secret is also in "env" or "handle"' : null;
}
