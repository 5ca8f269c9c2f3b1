// jit audit prove: a proof that one event is in the log, as a file. Works without a broker.

import { JitError } from '../../core/errors.ts';
import type { ProveReply } from '../../protocol/offline.ts';
import type { StoreProveRequest } from '../../protocol/store.ts';
import { arg, defineCommand, opt } from '../define-command.ts';
import { escapeText } from '../escape.ts';
import { counting, waiting } from '../progress.ts';
import type { World } from '../world.ts';

export const auditProve = defineCommand({
  name: 'audit prove',
  summary: 'write a proof that one event is in the audit log',
  description: [
    'Needs no broker. The proof holds the event, its path through the tree and the signed head (c2sp.org/tlog-proof).',
    'Whoever has the public key of the log checks it with "jit audit verify-proof", or with any program for such proofs.',
    'With --store it comes from the shared store alone, for an event of anybody that the store still has, under the newest',
    'signed head that it was given.',
  ].join('\n'),
  args: {
    event: arg.required(
      '<log>:<sequence>, its leaf hash, or its sequence number: in the newest log, or the only one of a store',
    ),
  },
  options: {
    file: opt.text('db', 'a log file; without it, your own'),
    store: opt.flag('from the shared store; needs its auditor in the configuration'),
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
    {
      command: 'jit audit prove jit.7h2k9d3f5g6h8j1k:41 --store --output event-41.tlog-proof',
      does: "of anybody's log, from the shared store",
    },
  ],
  async run(world, { args, options, json }) {
    const { out } = world;
    const { file, output: to, store } = options;
    if (store && file !== null) {
      throw new JitError('ERR_USAGE', 'options "--store" and "--file" exclude each other', {
        hint: 'jit audit prove --help',
      });
    }
    const request = { event: args.event, output: to };
    const reply = store
      ? await fromStore(world, request)
      : await waiting(world, 'Proving', (await world.loadOffline()).auditProve({ ...request, file }));
    if (json) out.json(reply);
    else if (reply.output === null) world.stdout(reply.proof);
    else {
      const { output, seq, origin, size } = reply;
      out.print(`${escapeText(output)}: event ${seq} of ${origin}, in the tree of ${size} events`);
    }
    return 0;
  },
});

async function fromStore(world: World, request: StoreProveRequest): Promise<ProveReply> {
  const progress = counting(world, 'Proving', false);
  const offline = await world.loadOffline();
  return offline
    .storeProve(world.config, request, (done, total) => progress.show(done, total))
    .finally(() => progress.clear());
}
