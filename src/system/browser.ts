// Showing a page to the person at this machine, by the program that the desktop has for it.

import path from 'node:path';
import { JitError } from '../core/errors.ts';

/** A program that stays longer has opened the page: some wait for the browser to end. */
const patience = 3_000;

/**
 * What opens the file of a page: the first program of `BROWSER` that is found, else that of the desktop; null where nobody
 * sits before a screen, or no such program is found. `BROWSER`, as xdg-open(1) has it: programs between colons, of which
 * one with arguments gets the page in place of `%s` or after them; it says itself where it opens pages.
 * @param exists true when the file is there
 */
export function findBrowser(
  env: NodeJS.ProcessEnv,
  exists: (file: string) => boolean,
  platform: NodeJS.Platform = process.platform,
): ((file: string) => Promise<void>) | null {
  const isMac = platform === 'darwin';
  const paths = (env['PATH'] ?? '').split(':').filter(path.isAbsolute);
  const find = (program: string): string | undefined =>
    path.isAbsolute(program)
      ? [program].find(exists)
      : paths.map((folder) => path.join(folder, program)).find(exists);
  for (const wish of (env['BROWSER'] ?? '').split(':')) {
    const [name = '', ...args] = wish.trim().split(/\s+/);
    const program = name === '' || (name.includes('/') && !path.isAbsolute(name)) ? undefined : find(name);
    if (program !== undefined) return (file) => show(program, argumentsFor(args, file), env);
  }
  // Without a screen xdg-open falls back to browsers for terminals, which would take this one.
  if (!isMac && !env['DISPLAY'] && !env['WAYLAND_DISPLAY']) return null;
  const program = find(isMac ? '/usr/bin/open' : 'xdg-open');
  return program === undefined ? null : (file) => show(program, [file], env);
}

function argumentsFor(args: readonly string[], file: string): string[] {
  const filled = args.map((one) => one.replaceAll('%s', () => file));
  return args.some((one) => one.includes('%s')) ? filled : [...args, file];
}

/** @throws JitError `ERR_UNSUPPORTED` when the program fails */
function show(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  // Not imported: that would cost every start.
  const { spawn } = process.getBuiltinModule('node:child_process');
  const child = spawn(program, args, { env: withoutGrants(env), detached: true, stdio: 'ignore' });
  return new Promise((resolve, reject) => {
    const fail = (): void =>
      reject(
        new JitError('ERR_UNSUPPORTED', `"${program}" cannot open a page`, { hint: 'use --print instead' }),
      );
    const timer = setTimeout(() => {
      child.unref();
      resolve();
    }, patience);
    child.once('error', () => {
      clearTimeout(timer);
      fail();
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      if (code === 0) resolve();
      else fail();
    });
  });
}

/** A browser outlives the shell: what a grant put into its environment is not for it. */
function withoutGrants(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const grants = new Set((env['JIT_VARS'] ?? '').split(' '));
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !grants.has(name) && !name.startsWith('JIT_')),
  );
}
