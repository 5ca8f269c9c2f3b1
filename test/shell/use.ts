// A scene for the functions behind "jit use": a real shell that reads one of completions/jit-use.*, and a stand-in for
// the command `jit` that answers with prepared records and writes down how it was called.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const completions = fileURLToPath(new URL('../../completions', import.meta.url));

export type Shell = 'bash' | 'zsh' | 'fish';

/** What a script left behind. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Each call of `jit`: its words, joined by blanks, with `$$` for the pid of the shell. */
  readonly calls: readonly string[];
  /** The environment that each call of `jit` saw, by name. */
  readonly seen: readonly Readonly<Record<string, string>>[];
  readonly folder: string;
}

const standIn = `#!/bin/sh
printf '%s\\n' "$*" >> "$SCENE/calls"
env -0 > "$SCENE/seen.$(wc -l < "$SCENE/calls")"
[ -r "$SCENE/records" ] || exit 0
case $1 in use) ;; *) exit 0 ;; esac
n=$(grep -c '^use .*--records' "$SCENE/calls")
[ -r "$SCENE/records.$n" ] || n=
# "$$" at the end of a record is the process of the shell, as it was named.
pid=$(printf '%s' "$*" | sed 's/.*--shell-pid=\\([0-9]*\\).*/\\1/')
sed 's/=\\$\\$$/='"$pid/" "$SCENE/records\${n:+.$n}"
exit \${CODE-0}
`;

/** What a script is run with. */
export interface Setting {
  /** What each `jit use` answers, in turn. */
  readonly answers?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Before the functions are read. */
  readonly before?: string;
  readonly args?: readonly string[];
}

const starts: Readonly<Record<Shell, readonly string[]>> = {
  bash: ['--norc', '--noprofile'],
  zsh: ['-f'],
  fish: ['--no-config'],
};

/** Runs a script in a shell that has the functions. */
export async function inShell(shell: Shell, script: string, setting: Setting = {}): Promise<Ran> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'jit-use-'));
  try {
    writeFileSync(path.join(folder, 'jit'), standIn, { mode: 0o755 });
    writeFileSync(path.join(folder, 'calls'), '');
    for (const [index, answer] of (setting.answers ?? []).entries()) {
      writeFileSync(path.join(folder, `records.${index + 1}`), answer);
      writeFileSync(path.join(folder, 'records'), answer);
    }
    const file = path.join(folder, 'script');
    writeFileSync(file, `${setting.before ?? ''}\n. ${completions}/jit-use.${shell}\n${script}\n`);
    const env = {
      PATH: `${folder}:${process.env['PATH']}`,
      HOME: folder,
      LANG: 'C.UTF-8',
      SCENE: folder,
      ...setting.env,
    };
    const ran = await run(shell, [...starts[shell], ...(setting.args ?? []), file], env, folder);
    const lines = readFileSync(path.join(folder, 'calls'), 'utf8').split('\n').slice(0, -1);
    const calls = lines.map((line) => line.replace(/--shell-pid=\d+/, '--shell-pid=$$$$'));
    const seen = lines.map((_line, index) => {
      const texts = readFileSync(path.join(folder, `seen.${index + 1}`), 'utf8').split('\0');
      return Object.fromEntries(
        texts.filter(Boolean).map((text) => {
          const equals = text.indexOf('=');
          return [text.slice(0, equals), text.slice(equals + 1)];
        }),
      );
    });
    return { ...ran, calls, seen, folder };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(
  file: string,
  args: readonly string[],
  env: Record<string, string>,
  cwd: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(file, args, { env, cwd, timeout: 20_000 }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

/** The records of a grant as jit writes them, `drop` first. */
export function records(set: Readonly<Record<string, string>>, unset: readonly string[] = []): string {
  const all = { ...set, JIT_GRANT_ID: set['JIT_GRANT_ID'] ?? 'g1', JIT_GRANT_STATE: 'active', JIT_USE: '1' };
  return [
    'drop',
    ...unset.map((name) => `unset ${name}`),
    ...Object.entries(all).map(([name, value]) => `set ${name}=${value}`),
    '',
  ].join('\n');
}
