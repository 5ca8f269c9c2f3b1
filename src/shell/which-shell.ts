// Which shell the user works in: the nearest interactive shell above this process; $SHELL is only the login shell.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';

/** What is known of a process. */
export interface ProcessFacts {
  readonly parent: number;
  readonly argv: readonly string[];
  /** Path of the running program, where the system tells it. */
  readonly program: string | null;
}

const shells = new Set('bash zsh fish sh dash ksh mksh ash yash tcsh csh nu elvish xonsh pwsh'.split(' '));
const takesValue = new Set(['--rcfile', '--init-file', '--init-command', '-C', '-o', '+o', '-O', '+O']);
const farthest = 32;

/**
 * The path (or a name for PATH) of the shell to start.
 * @param env where `SHELL` is the fallback, `/bin/sh` the last one.
 * @param from the pid to begin at; default: the parent of this process.
 * @param look tells about a process; null when it cannot be seen.
 */
export function findShell(
  env: Readonly<Record<string, string | undefined>>,
  from: number = process.ppid,
  look: (pid: number) => ProcessFacts | null = process.platform === 'linux' ? lookInProc : lookWithPs,
): string {
  let pid = from;
  for (let step = 0; step < farthest && pid > 1; step += 1) {
    const facts = look(pid);
    if (!facts) break;
    const shell = interactiveShell(facts);
    if (shell !== null) return shell;
    pid = facts.parent;
  }
  return env['SHELL'] || '/bin/sh';
}

function interactiveShell({ argv, program }: ProcessFacts): string | null {
  const [invokedAs = '', ...args] = argv;
  if (!isInteractive(args)) return null;
  if (program !== null && shells.has(path.basename(program))) return program;
  // A login shell is called "-bash".
  const name = path.basename(invokedAs.replace(/^-/, ''));
  return shells.has(name) ? name : null;
}

/** A shell that runs a script or `-c` text belongs to a program such as npm or make, not to the user. */
function isInteractive(given: readonly string[]): boolean {
  const args = given.filter((_arg, at) => !takesValue.has(given[at - 1] ?? ''));
  if (args.some((arg) => /^-[A-Za-z]*i/.test(arg) || arg === '--interactive')) return true;
  return args.every((arg) => /^[-+]/.test(arg) && !/^-[A-Za-z]*c/.test(arg) && arg !== '--command');
}

function lookInProc(pid: number): ProcessFacts | null {
  try {
    // The name in parentheses may hold anything, so fields count from the last parenthesis.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    return { parent, argv, program: programOf(pid) };
  } catch {
    return null;
  }
}

function programOf(pid: number): string | null {
  try {
    const program = readlinkSync(`/proc/${pid}/exe`);
    // An upgraded shell runs on from a deleted file: then its name is looked up again.
    return existsSync(program) ? program : null;
  } catch {
    return null;
  }
}

function lookWithPs(pid: number): ProcessFacts | null {
  try {
    const line = execFileSync('ps', ['-o', 'ppid=,args=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [parent, ...argv] = line.trim().split(/\s+/);
    const program = argv[0]?.startsWith('/') ? argv[0] : null;
    return { parent: Number(parent), argv, program };
  } catch {
    return null;
  }
}
