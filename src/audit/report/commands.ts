// The commands that show again what a report says, for the same log and period. They name the log by a variable of the
// shell, LOG: where the file lies is nothing that the report says.

import type { Instant } from '../../core/time.ts';
import type { EventType } from '../event.ts';
import type { Report } from './report.ts';

type About = Pick<Report, 'period'>;

/** Without milliseconds, which no command takes. */
const stamp = (at: Instant): string => new Date(at).toISOString().replace('.000Z', 'Z');

/** A word for a shell. */
function word(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Says which file the other commands are about. */
export const logVariable = (file: string | null): string => `LOG=${word(file ?? 'jit.db')}`;

/** Prints every event of the period, one a line. */
export function exportCommand({ period: { from, to } }: About): string {
  return `jit audit export --file "$LOG" --since ${stamp(from)} --until ${stamp(to)}`;
}

/** Prints how many events of `types` there are in the period. */
export function countCommand(about: About, types: readonly EventType[]): string {
  const names = types.map((type) => type.replaceAll('.', '[.]'));
  const pattern = names.length === 1 ? names[0] : `(${names.join('|')})`;
  return `${exportCommand(about)} | grep -c${names.length === 1 ? '' : 'E'} '"type":"${pattern}"'`;
}

/** Prints 1 if the log is valid. */
export const validCommand = `jit audit verify "$LOG" --json | grep -c '"valid": true'`;

/** Makes the report again. */
export function reportCommand({ period, sample }: Pick<Report, 'period' | 'sample'>): string {
  const span = `--from ${stamp(period.from)} --to ${stamp(period.to)}`;
  return `jit audit report --file "$LOG" ${span} --sample ${sample.size} --seed ${word(sample.seed)}`;
}

/** Verifies the log, by a key where the log has one. */
export const verifyCommand = (vkey: string | undefined): string => `jit audit verify "$LOG"${trusting(vkey)}`;

/** Checks the proof of one event. */
export const verifyProofCommand = (vkey: string | undefined): string =>
  `jit audit verify-proof event.tlog-proof${trusting(vkey)}`;

const trusting = (vkey: string | undefined): string => (vkey === undefined ? '' : ` --key ${word(vkey)}`);

/** Lines of a signed head, none of which a shell would take for the end of the text or the reader for something else. */
const headLine = /^(|[\w./+=]+|— [\w./]+ [\w+/=]+)$/;

/**
 * Saves a signed head as a file and compares the log with it.
 * @returns null for a text that is no head of ours: what others wrote is not put into a command
 */
export function headCommands(checkpoint: string): readonly string[] | null {
  const lines = checkpoint.trimEnd().split('\n');
  if (!lines.every((line) => headLine.test(line))) return null;
  const end = 'END-OF-HEAD';
  return [`cat > report.head <<'${end}'`, ...lines, end, 'jit audit verify "$LOG" --head report.head'];
}

/** Writes the proof of one event. */
export const proveCommand = (event: string): string => `jit audit prove ${word(event)} --file "$LOG"`;
