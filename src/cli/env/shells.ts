// Variables as commands that a shell runs in itself.

import { quoteFish, quotePosix, quotePowershell } from '../../shell/quote.ts';
import type { Form, Variables } from './variables.ts';

const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');
const each = <T>({ set }: Variables, write: (name: string, value: string) => T): T[] =>
  Object.entries(set).map(([name, value]) => write(name, value));

/** For `eval "$(jit env …)"`; a semicolon ends each command, so that it also works where the quotes are left out. */
export const sh: Form = {
  removes: true,
  isForChildren: true,
  text: (variables) =>
    lines([
      ...variables.unset.map((name) => `unset ${name};`),
      ...each(variables, (name, value) => `export ${name}=${quotePosix(value)};`),
    ]),
};

/** For `jit env … | source`. */
export const fish: Form = {
  removes: true,
  isForChildren: true,
  text: (variables) =>
    lines([
      ...variables.unset.map((name) => `set -e ${name};`),
      ...each(variables, (name, value) => `set -gx ${name} ${quoteFish(value)};`),
    ]),
};

/** PowerShell before 7.5 removes a variable that is set to nothing (about_Environment_Variables). */
const guard =
  "if ($PSVersionTable.PSVersion -lt [version]'7.5') { throw 'jit env: variables without a value need PowerShell 7.5' }";

/** For `jit env … | Out-String | Invoke-Expression`. */
export const powershell: Form = {
  removes: true,
  isForChildren: true,
  text: (variables) =>
    lines([
      ...(Object.values(variables.set).includes('') ? [guard] : []),
      ...variables.unset.map((name) => `Remove-Item Env:${name} -ErrorAction Ignore`),
      ...each(variables, (name, value) => `$env:${name} = ${quotePowershell(value)}`),
    ]),
};
