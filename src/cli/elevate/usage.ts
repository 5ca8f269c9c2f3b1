// Tells the broker what runs under a grant: begun, ended. Its silence or refusal never delays or fails what runs.

import type { Client } from '../../client/client.ts';
import type { Milliseconds } from '../../core/time.ts';
import type { ElevateReply } from '../../protocol/routes.ts';
import type { Clock } from '../../system/clock.ts';

/** The session of a grant, as it is told. */
export interface Telling {
  /** The shell or command runs. */
  started(pid: number): void;
  /** It has ended. Settles when the broker knows, or soon after when it does not answer. Never rejects. */
  ended(exitCode: number): Promise<void>;
}

/** Longest that a prompt waits for its end to be recorded. */
const patience: Milliseconds = 500;
/** What the broker takes: more words, or longer ones, say nothing more to anybody. */
const mostWords = 1_000;
const longestWord = 16_000;
const mostCharacters = 100_000;

/** @param command its words; null: a shell */
export function tellUsage(
  client: Client,
  { grant, record }: ElevateReply,
  command: readonly string[] | null,
  clock: Clock,
): Telling {
  const kind = command === null ? 'shell' : 'command';
  const argv = command !== null && record?.argv ? fitting(command) : null;
  const abort = new AbortController();
  let told: Promise<unknown> = Promise.resolve();
  let running: { readonly pid: number; readonly since: Milliseconds } | null = null;
  return {
    started(pid) {
      running = { pid, since: clock.sinceBoot() };
      const begun = client.usage({ grant: grant.id, kind, pid, argv, ended: null }, abort.signal);
      told = begun.catch(() => undefined);
    },
    async ended(exitCode) {
      if (running === null) return;
      const { pid, since } = running;
      const ran = Math.max(0, Math.round(clock.sinceBoot() - since));
      const request = { grant: grant.id, kind, pid, argv: null, ended: { exitCode, ran } } as const;
      // In this order in the log, too.
      const over = told.then(() => client.usage(request, abort.signal)).catch(() => undefined);
      let cancel = (): void => undefined;
      const late = new Promise<void>((resolve) => {
        cancel = clock.after(patience, resolve);
      });
      await Promise.race([over, late]);
      cancel();
      abort.abort();
    },
  };
}

/** Words are left out whole: half a secret would not be recognised as one. */
function fitting(command: readonly string[]): string[] {
  let left = mostCharacters;
  return command.slice(0, mostWords).map((word) => {
    const shown = word.length > longestWord || word.length > left ? `[${word.length} characters]` : word;
    left -= shown.length;
    return shown;
  });
}
