// The file that completion in shells reads: one target a line, with its roles and their scopes, in the order of bytes.
// Format: `# jit names 1`, then `<target> <role>[:<scope>,<scope>…] <role>…`. Active grants are in the prompt-state file.

import { toJitError } from '../core/errors.ts';
import type { RoleConfig, TargetConfig } from '../core/target.ts';
import type { Config } from '../policy/config.ts';
import { writeFleetingFile } from '../system/files.ts';
import type { Logger } from '../system/log-file.ts';

/** As the configuration allows names. A reader takes its own look: nothing here is to be evaluated by a shell. */
const name = /^[a-z][a-z0-9._-]{0,39}$/;
const isName = (text: string): boolean => name.test(text);

/** Rewrites `file` from the targets. Completion is a nicety: failure is logged, never thrown. */
export function writeNames(file: string, { targets }: Pick<Config, 'targets'>, log: Logger): void {
  // By UTF-16 units, which is by bytes for these names: readers search the file by halves.
  const lines = [...targets.values()]
    .filter((target) => isName(target.name))
    .map(lineOf)
    .sort();
  try {
    writeFleetingFile(file, ['# jit names 1', ...lines, ''].join('\n'));
  } catch (thrown) {
    log.warn(`the names for completion cannot be written: ${toJitError(thrown).message}`);
  }
}

function lineOf({ name, roles }: TargetConfig): string {
  return [name, ...[...roles.values()].filter((role) => isName(role.name)).map(roleText)].join(' ');
}

function roleText({ name, scopes }: RoleConfig): string {
  const names = [...scopes.keys()].filter(isName);
  return names.length === 0 ? name : `${name}:${names.join(',')}`;
}
