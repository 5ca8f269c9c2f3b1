// Wakes the shells of grants: when what the prompt-state file says of theirs has changed, and when a warning is due.
// Looks at the clock instead of trusting timers, which stand still while a machine sleeps. Must not: decide or end.

import type { Session } from '../core/grant.ts';
import { usualShellTerms, warningsFor } from '../core/shell-terms.ts';
import type { Instant, Milliseconds } from '../core/time.ts';
import { nudge } from '../system/nudge.ts';
import type { Broker } from './broker.ts';
import { mendPromptState, promptLines, writeLastPromptState } from './prompt-state.ts';

/** What is known of a grant that the file has a line of. */
interface Watched {
  readonly line: string;
  readonly session: Session | null;
  /** The end that is warned of; null: it has ended. */
  readonly deadline: Instant | null;
  /** When that end was set: at its start, or at its last extension. */
  readonly since: Instant;
  /** Warnings up to here have been told, or were due before anybody could be told. */
  readonly toldUntil: Instant;
}

/** Changes come in crowds: one look is for all that came within this time. */
const crowd: Milliseconds = 20;

/**
 * Runs until the answer is called, which writes the file a last time.
 * @param send what reaches the process of a session
 */
export function startNudging(broker: Broker, send: (session: Session) => void = nudge): () => void {
  const watched = new Map<string, Watched>();
  let cancel = (): void => undefined;
  let isSoon = false;

  function lookIn(pause: Milliseconds): void {
    cancel();
    isSoon = pause <= crowd;
    cancel = broker.clock.after(pause, look);
  }

  function look(): void {
    let isMended = false;
    try {
      isMended = tellAll();
    } catch (thrown) {
      // Prompts are a nicety: whatever is wrong with them, the next look comes.
      broker.log.error('telling the shells', thrown);
    }
    isSoon = false;
    if (watched.size > 0 || !isMended) {
      lookIn(Math.max(crowd, Math.min(nextWarning(), broker.timing.tick)));
    }
  }

  /** True when the file is as it has to be. In this order: whoever is woken reads the file. */
  function tellAll(): boolean {
    const lines = promptLines(broker);
    const isMended = mendPromptState(broker, lines);
    const sessions = [...compare(lines), ...warn()];
    // A signal that waits is not counted by the system either, so one is enough.
    const byProcess = new Map(sessions.map((session) => [`${session.pid} ${session.startTime}`, session]));
    for (const session of byProcess.values()) send(session);
    return isMended;
  }

  /** The sessions of grants whose line has appeared, changed or gone. */
  function compare(lines: ReadonlyMap<string, string>): Session[] {
    const changed: (Session | null)[] = [];
    for (const [id, line] of lines) {
      const known = watched.get(id);
      if (known?.line === line) continue;
      const now = watch(broker, id, line, known);
      watched.set(id, now);
      changed.push(now.session);
    }
    for (const [id, { session }] of watched) {
      if (lines.has(id)) continue;
      watched.delete(id);
      changed.push(session);
    }
    return changed.filter((session) => session !== null);
  }

  /** The sessions that a warning has come due for since the last look; a sleep may have made it several. */
  function warn(): Session[] {
    const now = broker.clock.now();
    const sessions: Session[] = [];
    for (const [id, one] of watched) {
      if (!warningTimes(broker, one).some((time) => time <= now)) continue;
      watched.set(id, { ...one, toldUntil: now });
      if (one.session) sessions.push(one.session);
    }
    return sessions;
  }

  function nextWarning(): Milliseconds {
    const times = [...watched.values()].flatMap((one) => warningTimes(broker, one));
    return Math.min(...times) - broker.clock.now();
  }

  const onChange = (): void => {
    if (!isSoon) lookIn(crowd);
  };
  broker.changes.on('change', onChange);
  look();
  return () => {
    broker.changes.off('change', onChange);
    writeLastPromptState(broker);
    look();
    cancel();
  };
}

/** What to remember of a grant whose line has changed. */
function watch(broker: Broker, id: string, line: string, known: Watched | undefined): Watched {
  const grant = broker.ledger.grant(id);
  const deadline = grant?.state === 'active' ? grant.deadline : null;
  // The order in the file or the risk of the target changed; nothing is told twice for that.
  if (known?.deadline === deadline) return { ...known, line };
  const now = broker.clock.now();
  const since = known ? now : setAt(broker, id, grant?.startedAt ?? now);
  return { line, session: grant?.session ?? null, deadline, since, toldUntil: now };
}

/** When the end of a grant was set: one that an earlier broker gave may have been extended by that one. */
function setAt(broker: Broker, grant: string, startedAt: Instant): Instant {
  if (startedAt >= broker.startedAt) return startedAt;
  const [extended] = broker.ledger.store.events({ grant, type: 'grant.extended', limit: 1 });
  return extended ? Date.parse(extended.body.ts) : startedAt;
}

/** When the warnings of a grant are due that have not been told. */
function warningTimes(broker: Broker, { deadline, since, toldUntil }: Watched): Instant[] {
  if (deadline === null) return [];
  const { warn } = broker.policy.latest?.shell ?? usualShellTerms;
  return warningsFor(deadline - since, warn)
    .map((before) => deadline - before)
    .filter((time) => time > toldUntil);
}
