// The environment of a session's child. Pure: from the user's own and what the broker handed out.

import { JitError } from '../core/errors.ts';
import type { ShellTerms } from '../core/shell-terms.ts';
import type { Risk } from '../core/target.ts';
import type { Instant } from '../core/time.ts';
import { appendGitConfig } from './git-config.ts';

/** What {@link childEnvironment} is made from. */
export interface EnvironmentOptions {
  readonly baseEnv?: Readonly<Record<string, string | undefined>>;
  readonly env: Readonly<Record<string, string>>;
  readonly unset: readonly string[];
  readonly secrets: readonly string[];
  /** How long it may go on at its end, e.g. `15m`; null: nobody is told to extend it. */
  readonly extension: string | null;
  readonly grant: {
    readonly id: string;
    readonly target: string;
    readonly role: string;
    readonly risk: Risk;
    readonly deadline: Instant;
  };
  readonly terms: Pick<ShellTerms, 'warn' | 'notify'>;
  readonly stateFile: string;
}

// Meant for one shell only, never for what runs inside of it.
// JIT_ID_TOKEN is used up by now; whatever reads it could only be surprised.
const ofOuterShell = [
  'JIT_ID_TOKEN',
  'JIT_READY',
  'JIT_PARENT',
  'JIT_PARENT_GROUP',
  'JIT_NOW',
  'JIT_PROMPT',
  'JIT_USER_ZDOTDIR',
  'JIT_EXTEND',
  'JIT_USE',
  'JIT_USE_PID',
  'JIT_WARN',
  'JIT_NOTIFY',
  'JIT_RISK',
  'JIT_GIVEN',
  'JIT_TAKEN',
];

/** What other prompts show as a session that goes on. */
const passing = ['AWS_VAULT', 'AWS_CREDENTIAL_EXPIRATION'];

/**
 * The user's environment without `unset`, with `env`, and with what the prompt hooks read:
 * `JIT_GRANT_ID`, `JIT_TARGET`, `JIT_ROLE`, `JIT_RISK`, `JIT_GRANT_EXP` (epoch seconds), `JIT_GRANT_STATE`,
 * `JIT_STATE_FILE`, `JIT_WARN` (seconds before the end, longest first), `JIT_NOTIFY` (words), `JIT_DROP` (names to take away at the end), `JIT_EXTEND` (how long it may go on then), and inside another grant
 * `JIT_STACK` (`<id>=<target>` of each outer grant, outermost first). `JIT_VARS` names all that grants put there.
 * @throws JitError `ERR_CHILD_SETUP` for a name that no shell could remove again.
 */
export function childEnvironment(options: EnvironmentOptions): Record<string, string> {
  const { baseEnv = process.env, unset, secrets, extension, grant, stateFile, terms } = options;
  const env = appendGitConfig(baseEnv, options.env);
  const names = Object.keys(env);
  const unusable = names.find((name) => !isVariableName(name));
  if (unusable !== undefined) {
    throw new JitError('ERR_CHILD_SETUP', `cannot hand out "${unusable}": not a name of a variable`);
  }
  const child: Record<string, string> = {};
  for (const [name, value] of Object.entries(baseEnv)) if (value !== undefined) child[name] = value;
  for (const name of [...unset, ...ofOuterShell]) delete child[name];
  for (const name of Object.keys(child)) if (name.startsWith('JIT_GIVEN_')) delete child[name];
  return {
    ...child,
    ...env,
    ...outerGrants(baseEnv),
    JIT_GRANT_ID: grant.id,
    JIT_TARGET: grant.target,
    JIT_ROLE: grant.role,
    JIT_RISK: grant.risk,
    JIT_GRANT_EXP: String(Math.floor(grant.deadline / 1000)),
    JIT_GRANT_STATE: 'active',
    JIT_STATE_FILE: stateFile,
    JIT_WARN: terms.warn.map((one) => Math.floor(one / 1000)).join(' '),
    JIT_NOTIFY: terms.notify.join(' '),
    ...(extension === null ? {} : { JIT_EXTEND: extension }),
    JIT_VARS: joined(names, baseEnv['JIT_VARS']),
    // Nobody looks after the outer grant here once the inner one has ended: its secrets go with it.
    JIT_DROP: joined([...secrets, ...passing.filter((name) => name in env)], baseEnv['JIT_DROP']),
  };
}

/**
 * The same once more, for a shell whose hook compares it at the first prompt with what the user's start files made of it:
 * `JIT_GIVEN` (names that the grant sets), `JIT_GIVEN_<NAME>` (the value of each), `JIT_TAKEN` (names that must not be set).
 * The hook removes all of these. They hold secrets where `env` does: only for the shell itself, next to the originals.
 */
export function secondCopy(
  options: Pick<EnvironmentOptions, 'baseEnv' | 'env' | 'unset'>,
): Record<string, string> {
  const env = appendGitConfig(options.baseEnv ?? process.env, options.env);
  const copies = Object.entries(env).map(([name, value]) => [`JIT_GIVEN_${name}`, value]);
  const taken = options.unset.filter((name) => isVariableName(name) && !(name in env));
  return { ...Object.fromEntries(copies), JIT_GIVEN: Object.keys(env).join(' '), JIT_TAKEN: taken.join(' ') };
}

function isVariableName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

/** With what the shell around it has, whose variables are there even when its grant has ended. */
function joined(names: readonly string[], outer = ''): string {
  return [...new Set([...names, ...outer.split(' ').filter(isVariableName)])].join(' ');
}

function outerGrants(base: Readonly<Record<string, string | undefined>>): { JIT_STACK?: string } {
  if (!isInsideGrant(base)) return {};
  const outer = `${base['JIT_GRANT_ID']}=${base['JIT_TARGET'] ?? ''}`;
  return { JIT_STACK: [base['JIT_STACK'], outer].filter(Boolean).join(' ') };
}

function isInsideGrant(base: Readonly<Record<string, string | undefined>>): boolean {
  return Boolean(base['JIT_GRANT_ID']) && base['JIT_GRANT_STATE'] === 'active';
}
