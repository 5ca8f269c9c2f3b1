// What `jit env` prints, before it has a form: variables to set and to remove, and the formats there are.

import { JitError } from '../../core/errors.ts';

export const formats = ['sh', 'fish', 'powershell', 'dotenv', 'github', 'gitlab', 'json'] as const;
export type Format = (typeof formats)[number];

export interface Variables {
  readonly set: Readonly<Record<string, string>>;
  /** Would win over those that are set, and so are to be removed. */
  readonly unset: readonly string[];
}

/** How a format writes variables. */
export interface Form {
  /** @throws JitError `ERR_UNSUPPORTED` for a value that the format cannot carry */
  readonly text: (variables: Variables) => string;
  /** It says what is to be removed as well. */
  readonly removes: boolean;
  /** Absent: nothing is. True for what is of use on this machine only, where the format is for others. */
  readonly leavesOut?: (name: string, value: string) => boolean;
  /** It is for processes below this one, which have what this one has. */
  readonly isForChildren: boolean;
}

/** The value itself is not told: it may be a secret. */
export function cannotCarry(format: Format, name: string, why: string, hint?: string): JitError {
  return new JitError('ERR_UNSUPPORTED', `format "${format}" cannot carry the value of "${name}": ${why}`, {
    hint: hint ?? 'other formats can: jit env … --format sh, --format json',
  });
}

/** @throws JitError `ERR_UNSUPPORTED` for what is no name or value of a variable anywhere */
export function checkVariables(format: Format, { set, unset }: Variables): void {
  const odd = [...Object.keys(set), ...unset].find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  if (odd !== undefined) throw new JitError('ERR_UNSUPPORTED', `"${odd}" is no name of a variable`);
  for (const [name, value] of Object.entries(set)) {
    if (value.includes('\0') || !value.isWellFormed())
      throw cannotCarry(format, name, 'no variable has such bytes');
  }
}
