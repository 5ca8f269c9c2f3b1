// The commands that show again what a report says, for the same log and period. They name the log by a variable of the
// shell, LOG, and files with heads by HEAD1, HEAD2: where they lie is nothing that the report says. A shared store is the one of
// the reader's configuration.

import type { Instant } from '../../core/time.ts';
import type { EventType } from '../event.ts';
import type { Report } from './report.ts';

type About = Pick<Report, 'period' | 'store'>;
type Verified = Pick<Report, 'store' | 'verification'>;

/** Which logs. */
const source = ({ store }: Pick<Report, 'store'>): string => (store ? '--store' : '--file "$LOG"');

/** Without milliseconds, which no command takes. */
const stamp = (at: Instant): string => new Date(at).toISOString().replace('.000Z', 'Z');

/** A word for a shell. */
function word(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Says which file the other commands are about. */
export const logVariable = (file: string | null): string => `LOG=${word(file ?? 'jit.db')}`;

/** Says which files hold the heads that were given. */
export const headVariables = (files: readonly string[]): string[] =>
  files.map((file, index) => `HEAD${index + 1}=${word(file)}`);

/** What was given to whoever made the report; where nothing was, `otherwise`. */
function known({ verification: { elsewhere } }: Verified, otherwise?: string): string {
  // Beside a head that was given a key of the log's own would have it believed what that says of the head.
  if (!elsewhere) return trusting(otherwise);
  const { keys, heads } = elsewhere;
  return [...keys.map(trusting), ...heads.map((_, index) => ` --head "$HEAD${index + 1}"`)].join('');
}

/** Prints every event of the period, one a line. */
export function exportCommand(about: About): string {
  const { from, to } = about.period;
  return `jit audit export ${source(about)} --since ${stamp(from)} --until ${stamp(to)}`;
}

/** Prints how many events of `types` there are in the period. */
export function countCommand(about: About, types: readonly EventType[]): string {
  const names = types.map((type) => type.replaceAll('.', '[.]'));
  const pattern = names.length === 1 ? names[0] : `(${names.join('|')})`;
  return `${exportCommand(about)} | grep -c${names.length === 1 ? '' : 'E'} '"type":"${pattern}"'`;
}

/** Prints 1 if the log is valid, or all of a store are. */
export const validCommand = (about: Verified): string =>
  about.store
    ? `${storeVerifyCommand(about)} --json | grep -c '^  "valid": true'`
    : `jit audit verify "$LOG"${known(about)} --json | grep -c '"valid": true'`;

/** Verifies all logs of a store. */
export const storeVerifyCommand = (about: Verified): string =>
  `jit audit verify --store${keptSince(about)}${known(about)}`;

function keptSince({ store }: Pick<Report, 'store'>): string {
  const at = store?.keptSinceAt ?? null;
  return at === null ? '' : ` --kept-since ${stamp(at)}`;
}

/** Makes the report again. */
export function reportCommand(about: Pick<Report, 'period' | 'sample' | 'store' | 'verification'>): string {
  const { period, sample } = about;
  const span = `--from ${stamp(period.from)} --to ${stamp(period.to)}${keptSince(about)}`;
  return `jit audit report ${source(about)} ${span} --sample ${sample.size} --seed ${word(sample.seed)}${known(about)}`;
}

/** Verifies the log, by what was given, or the key that the log names where it has one. */
export const verifyCommand = (about: Verified): string =>
  `jit audit verify "$LOG"${known(about, about.verification.logs.at(-1)?.keys.at(-1))}`;

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
export const proveCommand = (event: string, about: Pick<Report, 'store'> = {}): string =>
  `jit audit prove ${word(event)} ${source(about)}`;
