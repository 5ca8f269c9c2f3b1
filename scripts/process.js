// Child processes of the repository's own scripts. Owns: signals, exit codes, the environment for npm.

import { spawn } from 'node:child_process';
import path from 'node:path';
import { root } from './stamp.js';

/** A failure that is told in one line, without a stack. */
export class ScriptError extends Error {}

/** A line of progress; stdout belongs to the task. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * Runs a program on this terminal until it ends.
 * @returns {Promise<number>} its exit code, or 128+n after a signal.
 */
export function run(program, args, { cwd = root, env = process.env, onStart } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: 'inherit' });
    onStart?.(child);
    // The terminal tells the child by itself; here the signals must only not end the parent first.
    const ignore = () => {};
    const forward = (signal) => child.kill(signal);
    process.on('SIGINT', ignore).on('SIGTERM', forward).on('SIGHUP', forward);
    child.on('error', (error) => reject(new ScriptError(`cannot run "${program}": ${error.message}`)));
    child.on('close', (code, signal) => {
      process.off('SIGINT', ignore).off('SIGTERM', forward).off('SIGHUP', forward);
      resolve(code ?? 128 + (signals[signal] ?? 0));
    });
  });
}

const signals = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGTERM: 15 };

/** Runs a program and keeps what it says. */
export function capture(program, args, { cwd = root, env = process.env } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ code: error.code ?? 'ERROR', output: error.message }));
    child.on('close', (code) => resolve({ code, output }));
  });
}

/**
 * Runs a program that has to succeed.
 * @throws {ScriptError} with `what` cannot be brought, why, and `hint` in a line of its own.
 */
export async function must(program, args, options, what, hint) {
  const { code, output } = await capture(program, args, options);
  if (code === 0) return;
  const why = code === 'ENOENT' ? `"${path.basename(program)}" is not in PATH` : lastLines(output);
  throw new ScriptError(`cannot bring ${what}: ${why}\n${hint}`);
}

/** Where most programs say what went wrong. */
function lastLines(output) {
  return output.trim().split('\n').slice(-4).join('\n');
}

/** What an npm that runs us says about its own run, and must not reach the npm that we run. */
const ofOuterNpm =
  /^npm_(config_(prefix|local_prefix|global_prefix|global|location|omit|include|only|production|also|dry_run|ignore_scripts|workspaces?|include_workspace_root|package_lock|save.*|json|loglevel|if_present|call)|lifecycle_.*|package_.*|command)$/i;

/** The environment for an npm of our own: registry, proxy and cache settings stay. */
export function npmEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => !ofOuterNpm.test(name) && name !== 'NODE_ENV');
  return { ...Object.fromEntries(kept), npm_config_ignore_scripts: 'true', npm_config_loglevel: 'error' };
}
