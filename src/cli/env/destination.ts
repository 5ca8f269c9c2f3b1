// Where the variables go: standard output, a private file, or the files that GitHub Actions names. Decided, and looked at,
// before anything is asked for.

import { accessSync, appendFileSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { JitError } from '../../core/errors.ts';
import { errnoText, writeErrnoHint } from '../../system/errno.ts';
import { writeFleetingFile } from '../../system/files.ts';
import type { World } from '../world.ts';
import type { Format } from './variables.ts';

export type Destination =
  | { readonly to: 'stdout' }
  | { readonly to: 'file'; readonly file: string }
  /** @param output the name of the step's output that the token becomes; null: variables of the steps that follow */
  | { readonly to: 'github'; readonly file: string; readonly output: string | null };

interface Flags {
  readonly file: string | null;
  readonly output: string | null;
}

/** @throws JitError `ERR_USAGE`, `ERR_INPUT_NEEDED` for what does not fit or is missing, `ERR_UNSAFE_PATH` for what cannot be written */
export function destinationOf(world: World, format: Format, { file, output }: Flags): Destination {
  if (output !== null && format !== 'github') {
    throw new JitError('ERR_USAGE', 'option "--output" is for "--format github"', {
      hint: 'jit env … --format github --output token',
    });
  }
  if (format === 'github') {
    if (file !== null) {
      throw new JitError(
        'ERR_USAGE',
        'format "github" writes to the files that GitHub names, not to "--file"',
        {
          hint: 'leave out --file',
        },
      );
    }
    return { to: 'github', file: githubFile(world, output), output };
  }
  if (file === null) {
    if (format !== 'gitlab') return { to: 'stdout' };
    throw new JitError('ERR_INPUT_NEEDED', 'format "gitlab" is a file; name it with "--file"', {
      hint: 'jit env … --format gitlab --file jit.env, with artifacts: reports: dotenv: jit.env',
    });
  }
  mustBeWritable(path.dirname(path.resolve(file)));
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory())
    throw cannotWrite(file, Object.assign(new Error(), { code: 'EISDIR' }));
  return { to: 'file', file };
}

function githubFile({ env }: World, output: string | null): string {
  if (output !== null && !/^[A-Za-z_][\w-]*$/.test(output)) {
    throw new JitError('ERR_USAGE', `"${output}" cannot be the name of an output`, {
      hint: 'letters, digits, "_" and "-"',
    });
  }
  const variable = output === null ? 'GITHUB_ENV' : 'GITHUB_OUTPUT';
  const file = env[variable];
  if (!file) {
    throw new JitError('ERR_INPUT_NEEDED', `format "github" needs ${variable}, which GitHub Actions sets`, {
      hint: 'elsewhere: jit env … --format sh',
    });
  }
  mustBeWritable(file);
  return file;
}

function mustBeWritable(file: string): void {
  try {
    accessSync(file, constants.W_OK);
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

function cannotWrite(file: string, cause: unknown): JitError {
  return new JitError('ERR_UNSAFE_PATH', `cannot write to "${file}": ${errnoText(cause)}`, {
    hint: writeErrnoHint(cause, 'name a file in a folder that you may write to'),
    cause,
  });
}

/** @throws JitError `ERR_UNSAFE_PATH` */
export function writeTo(destination: Exclude<Destination, { to: 'stdout' }>, text: string): void {
  try {
    if (destination.to === 'github') appendFileSync(destination.file, text);
    else writeFleetingFile(destination.file, text);
  } catch (error) {
    throw cannotWrite(destination.file, error);
  }
}
