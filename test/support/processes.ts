// Which processes tests have left behind. Knows Linux only; elsewhere it finds nothing.

import { readdirSync, readFileSync } from 'node:fs';

interface Running {
  readonly pid: number;
  readonly command: string;
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function running(): number[] {
  try {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.map(Number).filter((pid) => pid !== process.pid && !/^\d+ \(.*\) Z/s.test(read(pid, 'stat')));
  } catch {
    return [];
  }
}

/** On a busy machine an end takes its time. */
const usual = 15_000;

/** Reads again for up to `withinMs`: a process that is on its way out is none that was left. */
async function lasting(find: () => Running[], withinMs: number): Promise<Running[]> {
  for (let waited = 0; waited < withinMs; waited += 100) {
    if (find().length === 0) return [];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return find();
}

const describe = (pid: number): Running => ({ pid, command: read(pid, 'cmdline').replaceAll('\0', ' ') });

/** Processes, wherever in the tree, that were started with `text` in their arguments or environment. */
export function processesMentioning(text: string, withinMs = usual): Promise<Running[]> {
  const mine = (pid: number) =>
    Number(
      read(pid, 'stat')
        .replace(/^.*\) \S /s, '')
        .split(' ')[0],
    ) === process.pid;
  return lasting(
    () =>
      running()
        .filter(
          (pid) => !mine(pid) && (read(pid, 'cmdline').includes(text) || read(pid, 'environ').includes(text)),
        )
        .map(describe),
    withinMs,
  );
}

/** Children of this process. */
export function children(withinMs = usual): Promise<Running[]> {
  const parentOf = (pid: number) =>
    Number(
      read(pid, 'stat')
        .replace(/^.*\) \S /s, '')
        .split(' ')[0],
    );
  return lasting(
    () =>
      running()
        .filter((pid) => parentOf(pid) === process.pid)
        .map(describe),
    withinMs,
  );
}

/** Ends them without asking. */
export function killAll(processes: readonly Running[]): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone already.
    }
  }
}
