// jit audit verify-proof: whether a proof of one event holds, with a public key and nothing else.

import { arg, defineCommand, opt } from '../define-command.ts';
import { escapeText } from '../escape.ts';

export const auditVerifyProof = defineCommand({
  name: 'audit verify-proof',
  summary: 'check a proof that one event is in an audit log',
  description: [
    'Needs no broker, no log and no configuration: the proof, and a key that you trust. "jit audit verify" shows the keys',
    'of a log. Exit code 1 when the proof does not hold.',
  ].join('\n'),
  args: { file: arg.required('the proof', 'file') },
  options: {
    key: opt.list('key', 'a key of the log that you trust: <log>+<id>+<base64>'),
    event: opt.text('file', 'the event, where it has to be this one, or the proof does not hold it'),
  },
  json: {
    path: 'event-41.tlog-proof',
    valid: true,
    origin: 'jit.7h2k9d3f5g6h8j1k',
    seq: 41,
    leaf: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    size: 128,
    root: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
    key: 'jit.7h2k9d3f5g6h8j1k+1b2c3d4e+AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAh',
    event: { type: 'lease.revoked', ts: '2026-11-22T14:32:00.000Z', seq: '41' },
  },
  examples: [
    { command: 'jit audit verify-proof event-1.tlog-proof --key "$KEY"', does: 'with the key of the log' },
    {
      command: 'jit audit verify-proof event-1.tlog-proof --key "$KEY" --json',
      does: 'the event that it proves, for a script',
    },
  ],
  async run(world, { args, options, json }) {
    const { out } = world;
    const offline = await world.loadOffline();
    const reply = await offline.auditVerifyProof({
      file: args.file,
      keys: options.key,
      event: options.event,
    });
    if (json) {
      out.json(reply);
      return 0;
    }
    const { path, seq, origin, event, size, key, leaf } = reply;
    out.print(`${escapeText(path)}: valid, event ${seq} of ${origin}: ${event.type} at ${event.ts}`);
    out.print(`in the tree of ${size} events that ${key} has signed`);
    out.print(`leaf ${leaf}`);
    return 0;
  },
});
