// jit audit prove: a proof that one event is in the log, as a file. Works without a broker.

import { arg, defineCommand, opt } from '../define-command.ts';
import { escapeText } from '../escape.ts';
import { waiting } from '../progress.ts';

export const auditProve = defineCommand({
  name: 'audit prove',
  summary: 'write a proof that one event is in the audit log',
  description: [
    'Needs no broker. The proof holds the event, its path through the tree and the signed head (c2sp.org/tlog-proof).',
    'Whoever has the public key of the log checks it with "jit audit verify-proof", or with any program for such proofs.',
  ].join('\n'),
  args: { event: arg.required('its sequence number, <log>:<sequence>, or its leaf hash') },
  options: {
    file: opt.text('db', 'a log file; without it, your own'),
    output: opt.text('file', 'where to write the proof; without it, stdout'),
  },
  json: {
    origin: 'jit.7h2k9d3f5g6h8j1k',
    seq: 41,
    leaf: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    size: 128,
    output: 'event-41.tlog-proof',
    proof: 'c2sp.org/tlog-proof@v1\n…',
  },
  examples: [
    { command: 'jit audit prove 1 --output event-1.tlog-proof', does: 'a file for an auditor' },
    { command: 'jit audit prove 1 --file /backup/jit.db', does: 'from a copy of the log, to stdout' },
  ],
  async run(world, { args, options, json }) {
    const { out } = world;
    const offline = await world.loadOffline();
    const request = { event: args.event, file: options.file, output: options.output };
    const reply = await waiting(world, 'Proving', offline.auditProve(request));
    if (json) out.json(reply);
    else if (reply.output === null) world.stdout(reply.proof);
    else {
      const { output, seq, origin, size } = reply;
      out.print(`${escapeText(output)}: event ${seq} of ${origin}, in the tree of ${size} events`);
    }
    return 0;
  },
});
