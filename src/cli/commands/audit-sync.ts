// jit audit sync: brings the shared store up to date now, or says how far it is.

import { formatDuration } from '../../core/duration.ts';
import { exitCodeOf, JitError } from '../../core/errors.ts';
import { lossAtStore } from '../../core/store-loss.ts';
import type { SyncReply } from '../../protocol/store.ts';
import { defineCommand, opt } from '../define-command.ts';
import { escapeText } from '../escape.ts';
import { counting } from '../progress.ts';
import { reachBroker } from '../reach.ts';
import { stampText } from '../time-text.ts';

/** How often progress is looked at, in milliseconds. */
const look = 500;

function text(reply: SyncReply): string[] {
  const { store, origin, events, acknowledged, heard, since, failure, refused, lost } = reply;
  if (!store) return ['no shared store: the configuration has no section "store" with a user'];
  const left = events - acknowledged;
  const { maxUnsynced } = store;
  return [
    `${escapeText(origin)} at ${escapeText(`${store.host}:${store.port}/${store.database}`)}: ${acknowledged} of ${events} events acknowledged${heard ? '' : ', as noted before: this broker has not heard the store yet'}`,
    ...(left > 0 && since !== null ? [`${left} are not, the oldest from ${since}`] : []),
    `nothing is issued past ${maxUnsynced.events} of them, or ${formatDuration(maxUnsynced.age)}`,
    ...refused.map(
      ({ origin: name, events: lacking, message }) =>
        `${lacking} events of ${escapeText(name)}, an earlier log, are not there and not taken: ${escapeText(message)}`,
    ),
    ...lost.map((loss) => escapeText(`${stampText(loss.foundAt)}: ${lossAtStore(loss, loss.has)}`)),
    ...(failure && !isStuck(reply) ? [escapeText(`the last attempt failed: ${failure.message}`)] : []),
  ];
}

/** Trying again, as the broker does by itself, will not do: somebody has to act. A store that is away comes back. */
function isStuck({ store, failure, running }: SyncReply): boolean {
  return store !== null && failure !== null && !running && failure.code !== 'ERR_TARGET_UNREACHABLE';
}

function failureOf(failure: NonNullable<SyncReply['failure']>, message = failure.message): JitError {
  return new JitError(failure.code, message, failure.hint === null ? {} : { hint: failure.hint });
}

export const auditSync = defineCommand({
  name: 'audit sync',
  summary: 'bring the shared store up to date now, or say how far it is',
  description: [
    'The broker syncs by itself, a moment after each event. This command waits until the store has acknowledged all of them,',
    'or says why it does not. With --status the exit code is 0, also while the store is away, and that of the failure (1, or 4',
    'for a password that is not to be had) where nothing is sent until somebody acts.',
  ].join('\n'),
  args: {},
  options: {
    now: opt.flag('push now and wait; the same as no flag'),
    status: opt.flag('only say how far the store is'),
  },
  json: {
    store: {
      host: 'db.example.com',
      port: 5432,
      database: 'jit',
      user: 'jit_alice',
      max_unsynced: { events: 1000, age: 86_400_000 },
    },
    origin: 'jit.7h2k9d3f5g6h8j1k',
    events: 128,
    acknowledged: 128,
    heard: true,
    since: null,
    running: false,
    failure: null,
    refused: [],
    lost: [],
  },
  examples: [
    { command: 'jit audit sync --status', does: 'how many events the store does not have' },
    { command: 'jit audit sync --now', does: 'waits until it has them all' },
  ],
  async run(world, { options, json }) {
    const { out } = world;
    if (options.now && options.status) {
      throw new JitError('ERR_USAGE', 'options "--now" and "--status" exclude each other', {
        hint: 'jit audit sync --help',
      });
    }
    const client = await reachBroker(world);
    let reply = await client.sync({ now: false, wait: 0 });
    if (!options.status) {
      const progress = counting(world, 'Syncing', false);
      const first = reply.acknowledged;
      // What is written from now on is synced all the same; nobody waits for it.
      const wanted = reply.events;
      try {
        for (;;) {
          reply = await client.sync({ now: true, wait: look });
          progress.show(reply.acknowledged - first, wanted - first);
          if (!reply.store) break;
          const { failure } = reply;
          if (failure && !reply.running) {
            throw failureOf(failure);
          }
          if (reply.heard && reply.acknowledged >= wanted) break;
        }
      } finally {
        progress.clear();
      }
      if (!reply.store) {
        throw new JitError('ERR_CONFIG', 'the configuration names no shared store to sync with', {
          hint: 'jit store init, then a section "store" in the configuration',
        });
      }
    }
    if (json) out.json(reply);
    else out.print(text(reply).join('\n'));
    const { failure } = reply;
    if (!json && failure?.code === 'ERR_TARGET_UNREACHABLE' && failure.hint !== null) out.hint(failure.hint);
    // What was pushed is there, whatever was wrong before.
    if (!options.status || failure === null || !isStuck(reply)) return 0;
    if (json) return exitCodeOf[failure.code];
    throw failureOf(failure, `nothing is sent: ${failure.message}`);
  },
});
