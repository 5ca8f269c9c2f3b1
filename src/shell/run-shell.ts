// One interactive shell under a grant, from its start to its end. Must not: decide how long the grant lives.

import { isatty } from 'node:tty';
import { JitError } from '../core/errors.ts';
import { type Announcements, announce } from './announce.ts';
import { startChild } from './child.ts';
import { isPastDeadline } from './deadline.ts';
import { endShell } from './end.ts';
import { childEnvironment, secondCopy } from './environment.ts';
import { exitCodeOf } from './exit-code.ts';
import type { Integration } from './integration.ts';
import { ownGroup } from './own-group.ts';
import { ownScreen } from './screen.ts';
import type { SessionOptions, SessionResult } from './session.ts';
import { forwardSignals } from './signals.ts';
import { prepareShell } from './start-shell.ts';
import { survivorsOf } from './survivors.ts';
import { findShell } from './which-shell.ts';

type ShellResult = Omit<SessionResult, 'survivors'>;

/** @throws JitError `ERR_CHILD_SETUP` without a terminal; otherwise as runSession does */
export async function runShell(options: SessionOptions): Promise<SessionResult> {
  if (!isatty(0)) {
    throw new JitError('ERR_CHILD_SETUP', 'cannot open a shell: standard input is not a terminal', {
      hint: 'give a command after "--"',
    });
  }
  const { grant, clock, warn, baseEnv = process.env } = options;
  const shell = options.shell ?? findShell(baseEnv);
  const prepared = prepareShell({ ...options, shell });
  if (!prepared.hasHook)
    warn(`jit has no prompt hook for "${shell}": no countdown, and it is closed with the grant`);
  const screen = ownScreen(baseEnv, shell);
  const group = ownGroup();
  const signals = forwardSignals();
  let integration: Integration | null = null;
  let announcements: Announcements | null = null;
  const look = (): void => {
    options.look();
    announcements?.look();
  };
  process.on('SIGCONT', look);
  screen.keep();
  let result: ShellResult | null = null;
  try {
    const child = await startChild(prepared.command, {
      ...childEnvironment(options),
      ...(prepared.hasHook ? secondCopy(options) : {}),
      ...prepared.env,
      JIT_PARENT: String(process.pid),
      ...(group === null ? {} : { JIT_PARENT_GROUP: String(group) }),
      JIT_NOW: String(Math.floor(clock.now() / 1000)),
    });
    prepared.started(child.pid);
    signals.sendTo(child);
    options.started?.(child.pid);
    integration = prepared.watchIntegration({ clock, readyMs: options.readyMs ?? 5000, warn });
    announcements = announce({ ...options, child, env: baseEnv });
    result = await untilGone({ ...options, child, integration, announcements });
    return { ...result, survivors: await survivorsOf(grant.id, clock) };
  } finally {
    process.off('SIGCONT', look);
    if (result?.wasClosed) await screen.repair();
    else screen.bringBack();
    integration?.stop();
    await announcements?.stop();
    signals.stop();
    prepared.remove();
  }
}

interface Running extends SessionOptions {
  readonly child: Awaited<ReturnType<typeof startChild>>;
  readonly integration: Integration;
  readonly announcements: Announcements;
}

async function untilGone(running: Running): Promise<ShellResult> {
  const { child, ended, terms, graceMs = 5000 } = running;
  const exit = await Promise.race([child.exited, ended.then(() => 'told' as const)]);
  if (exit !== 'told') {
    return { exitCode: exitCodeOf(exit), grantEnded: isPastDeadline(running), wasClosed: false };
  }
  running.announcements.ended();
  const { onEnd } = terms;
  const { how, othersGone } = await endShell({ ...running, grant: running.grant.id, onEnd, graceMs });
  const exitCode = exitCodeOf(await child.exited);
  await othersGone;
  if (how === 'closed') return { exitCode: 124, grantEnded: true, wasClosed: true };
  return { exitCode, grantEnded: true, wasClosed: false };
}
