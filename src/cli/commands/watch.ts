// jit watch: grants, overdue credentials, findings and anomalies as they change. A picture on a terminal, lines elsewhere.

import type { Client } from '../../client/client.ts';
import type { FollowReply } from '../../protocol/usage.ts';
import { defineCommand } from '../define-command.ts';
import { signalExit } from '../errors.ts';
import { followLog } from '../follow-log.ts';
import { waiting } from '../progress.ts';
import { reachBroker, surroundingGrant } from '../reach.ts';
import { stampText } from '../time-text.ts';
import type { Screen } from '../watch/screen.ts';
import { logName, plainLines, type Watched, watchLines } from '../watch/view.ts';
import type { World } from '../world.ts';

const second = 1_000;
/** More than any screen shows. */
const mostEvents = 200;

/** Calls back with what is known whenever that changes, until `signal`. Settles then, or rejects. */
async function observe(
  world: World,
  signal: AbortSignal,
  changed: (watched: Watched) => void,
): Promise<void> {
  let client: Client = await reachBroker(world);
  const nothing = { target: null, grant: null };
  const begin = client.follow({ after: null, limit: mostEvents, ...nothing, timeout: 0 });
  const { events, next } = await waiting(world, 'Reading the log', begin);
  let watched: Watched = { status: await client.status(), events, lostAt: null };
  const know = (changes: Partial<Watched>): void => {
    watched = { ...watched, ...changes };
    changed(watched);
  };
  know({});
  const lost = (): void => know({ lostAt: world.clock.now() });
  const found = (): void => know({ lostAt: null });
  const keep = (more: FollowReply['events']): FollowReply['events'] =>
    [...watched.events, ...more].slice(-mostEvents);
  for await (const reply of followLog(world, client, next, nothing, { signal, lost, found })) {
    client = reply.client;
    // One that goes away between the two calls is reached again, and then asked anew.
    const status = await client.status().catch(() => watched.status);
    know({ status, events: keep(reply.events) });
  }
}

/** The picture. Answers the exit code. */
async function watchOnScreen(world: World): Promise<number> {
  const over = Promise.withResolvers<number>();
  const ending = new AbortController();
  let watched: Watched | null = null;
  let cancel = (): void => undefined;
  let screen: Screen | null = null;

  function draw(): void {
    cancel();
    if (ending.signal.aborted || !screen || !watched) return;
    const { rows } = screen.size();
    const now = world.clock.now();
    const { out } = world;
    const lines = watchLines(watched, { now, rows, out, own: surroundingGrant(world) });
    screen.draw(lines.map(out.legible), out.unicode ? '…' : '>');
    cancel = world.clock.after(second - (now % second), draw);
  }

  function key(text: string): void {
    if (text === 'q' || text === 'Q') over.resolve(0);
    else if (text === '\x03') over.resolve(signalExit.SIGINT);
  }

  const stop = world.onSignal((signal) => over.resolve(signalExit[signal as keyof typeof signalExit] ?? 1));
  const observing = observe(world, ending.signal, (now) => {
    watched = now;
    screen ??= world.openScreen({ key, redraw: draw });
    draw();
  });
  observing.then(() => over.resolve(0), over.reject);
  try {
    return await over.promise;
  } finally {
    ending.abort();
    cancel();
    stop();
    // Assigned by a callback, which the compiler does not follow.
    (screen as Screen | null)?.close();
  }
}

/** A line per change. */
async function watchInLines(world: World): Promise<number> {
  let before = new Map<string, string>();
  let wasLost = false;
  await observe(world, new AbortController().signal, ({ status, lostAt }) => {
    const now = world.clock.now();
    const print = (line: string): void => world.out.print(`${stampText(now)} ${line}`);
    if (lostAt !== null && !wasLost) print('no broker answers');
    if (lostAt === null && wasLost) print('a broker is there again');
    wasLost = lostAt !== null;
    const lines = plainLines(status);
    for (const [name, line] of lines) if (before.get(name) !== line) print(line);
    for (const name of before.keys()) if (!lines.has(name) && /^[gl]/.test(name)) print(`gone ${name}`);
    if (before.get(logName)?.startsWith('AUDIT LOG') && !lines.has(logName))
      print(`${logName} is signed and in order`);
    before = lines;
  });
  return 0;
}

export const watch = defineCommand({
  name: 'watch',
  summary: 'show grants, overdue credentials, findings and anomalies as they change',
  description: [
    'On a terminal a picture that is drawn anew at every change and every second; "q" quits. Elsewhere, with TERM=dumb or',
    'JIT_PLAIN=1, a line per change. For scripts there are "jit status" and "jit audit tail", which print JSON.',
  ].join('\n'),
  args: {},
  options: {},
  examples: [
    { command: 'jit watch', does: 'what is active, as it changes' },
    { command: 'jit watch > access.log', does: 'a line per change, for a file' },
  ],
  run(world) {
    const { isTTY, env, out, ci } = world;
    const hasScreen = isTTY.stdin && isTTY.stdout && env.TERM !== 'dumb' && !out.plain && !ci;
    return hasScreen ? watchOnScreen(world) : watchInLines(world);
  },
});
