// Looks for planted secrets wherever bytes can lie: files, the process table, environments, output.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** Files below `folder` that hold one of `needles`, as `<file>: <needle number>`. */
export function searchFolder(folder: string, needles: readonly string[]): string[] {
  const hits: string[] = [];
  for (const entry of readdirSync(folder, { recursive: true })) {
    const file = path.join(folder, String(entry));
    hits.push(...searchFile(file, needles));
  }
  return hits;
}

function searchFile(file: string, needles: readonly string[]): string[] {
  try {
    if (!statSync(file).isFile()) return [];
    return searchBytes(file, readFileSync(file), needles);
  } catch {
    // A socket, or gone by now.
    return [];
  }
}

/** Needles in `bytes`, in the clear, in base64, or URL-encoded. */
export function searchBytes(where: string, bytes: Buffer | string, needles: readonly string[]): string[] {
  const hay = Buffer.from(bytes);
  return needles.flatMap((needle, index) => {
    const forms = [
      needle,
      Buffer.from(needle).toString('base64').replace(/=+$/, ''),
      encodeURIComponent(needle),
    ];
    return forms.some((form) => hay.includes(form)) ? [`${where}: needle ${index}`] : [];
  });
}

/** Command lines and environments of all processes that may be read; `except`: the pids that may hold one. */
export function searchProcesses(
  needles: readonly string[],
  except: ReadonlySet<number> = new Set(),
): string[] {
  const hits: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (except.has(Number(pid)) || Number(pid) === process.pid) continue;
    hits.push(...searchProc(`/proc/${pid}/cmdline`, needles), ...searchProc(`/proc/${pid}/environ`, needles));
  }
  return hits;
}

// Files of /proc say that they are empty: they are read without a look at their size.
function searchProc(file: string, needles: readonly string[]): string[] {
  try {
    return searchBytes(file, readFileSync(file), needles);
  } catch {
    return [];
  }
}
