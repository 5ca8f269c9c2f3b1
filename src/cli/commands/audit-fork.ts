// jit audit fork: goes on in a new log, from one that was set back or is damaged, or whose key is lost. Says first what is lost.

import { JitError } from '../../core/errors.ts';
import type { LogView } from '../../protocol/log.ts';
import { defineCommand, opt } from '../define-command.ts';
import { escapeText } from '../escape.ts';
import { lossText } from '../log-text.ts';
import { waiting } from '../progress.ts';
import { reachBroker } from '../reach.ts';
import type { World } from '../world.ts';

/** @throws JitError `ERR_INPUT_NEEDED` when nobody can be asked */
async function reasonFor(world: World, given: string | null): Promise<string> {
  if (given !== null && given.trim() !== '') return given.trim();
  if (world.interactive) return world.ask.text('Reason, for the log');
  throw new JitError('ERR_INPUT_NEEDED', 'a new log needs a reason; give it with "--reason"', {
    hint: 'jit audit fork --reason "…"',
  });
}

/** Whoever types the name has read what is lost. @throws JitError `ERR_INPUT_NEEDED`, `ERR_USAGE` */
async function confirm(world: World, { origin }: LogView): Promise<void> {
  if (!world.interactive) {
    throw new JitError(
      'ERR_INPUT_NEEDED',
      'a new log has to be confirmed; without a terminal, with "--yes"',
      {
        hint: 'jit audit fork --reason "…" --yes',
      },
    );
  }
  const typed = await world.ask.text(`To begin a new log, type the name of this one (${escapeText(origin)})`);
  if (typed === origin) return;
  throw new JitError('ERR_USAGE', `"${typed}" is not the name of the log; nothing was changed`, {
    hint: 'jit status',
  });
}

export const auditFork = defineCommand({
  name: 'audit fork',
  summary: 'go on in a new audit log, when this one was set back, is damaged, or its key is lost',
  description: [
    'Nothing is issued from a log that lacks events which were known elsewhere, is damaged, or cannot be signed. This begins a new one',
    'with a key of its own, which says where the old one ended, what was known of it, and why. The old one stays readable.',
    'It cannot be undone. On a terminal the name of the log has to be typed.',
  ].join('\n'),
  args: {},
  options: {
    reason: opt.text('text', 'why, for the log and for whoever reads it', { longest: 1_000 }),
    yes: opt.flag('do not ask for confirmation', { short: 'y' }),
  },
  json: {
    origin: 'jit.7h2k9d3f5g6h8j1k/2',
    vkey: 'jit.7h2k9d3f5g6h8j1k/2+5e6f7a8b+AZLbUfu5kk7/Jz9SwCPmsMf5pWcfnKmJbtW3bq4p2VvN',
    place: 'keychain',
    previous: { origin: 'jit.7h2k9d3f5g6h8j1k', events: 41 },
    known: { origin: 'jit.7h2k9d3f5g6h8j1k', events: 52, from: 'file' },
  },
  examples: [
    { command: 'jit audit fork --reason "home restored from the backup of Sunday"', does: 'asks first' },
    { command: 'jit audit fork --reason "new laptop, keychain not moved" --yes', does: 'for a script' },
  ],
  async run(world, { options, json }) {
    const { out } = world;
    const client = await reachBroker(world);
    const { auditLog: log } = await client.status();
    if (log.signed) {
      throw new JitError(
        'ERR_CONFLICT',
        'the audit log is signed and in order: there is nothing to go on from',
        {
          hint: 'jit audit rotate gives it another key',
        },
      );
    }
    const loss = lossText(log) ?? (log.trouble && escapeText(log.trouble.message));
    if (loss !== null) out.warn(loss);
    const reason = await reasonFor(world, options.reason);
    if (!options.yes) await confirm(world, log);
    const reply = await waiting(world, 'Beginning a new log', client.fork({ reason }));
    if (json) out.json(reply);
    else {
      const { origin, previous, place, vkey } = reply;
      out.print(
        `${escapeText(origin)} goes on from ${escapeText(previous.origin)} at ${previous.events} events`,
      );
      out.print(`signed by a new key, kept in ${place === 'keychain' ? 'the keychain' : 'a file'}:`);
      out.print(escapeText(vkey));
    }
    return 0;
  },
});
