// jit audit rotate: another key signs the log from now on.

import { defineCommand } from '../define-command.ts';
import { escapeText } from '../escape.ts';
import { waiting } from '../progress.ts';
import { reachBroker } from '../reach.ts';

export const auditRotate = defineCommand({
  name: 'audit rotate',
  summary: 'sign the audit log with a new key from now on, and delete the old one',
  description: [
    'The broker does this by itself once a day. The old key signs the new one, so that whoever trusts the first key of a log',
    'can follow; what was signed before cannot be forged by whoever finds the new key.',
  ].join('\n'),
  args: {},
  options: {},
  json: {
    origin: 'jit.7h2k9d3f5g6h8j1k',
    vkey: 'jit.7h2k9d3f5g6h8j1k+0c9d8e7f+AZLbUfu5kk7/Jz9SwCPmsMf5pWcfnKmJbtW3bq4p2VvN',
    previous: 'jit.7h2k9d3f5g6h8j1k+8ab1c2d3+AQ3wQGOoEMzAqL1qbK3ZLSIZF3e2WrYsgT4mkHcyZzrK',
    place: 'keychain',
  },
  examples: [
    { command: 'jit audit rotate', does: 'when somebody may have read the key' },
    { command: 'jit audit rotate --json', does: 'the public keys, for a record of your own' },
  ],
  async run(world, { json }) {
    const { out } = world;
    const reply = await waiting(world, 'Changing the key', (await reachBroker(world)).rotate());
    if (json) out.json(reply);
    else {
      const place = reply.place === 'keychain' ? 'the keychain' : 'a file';
      out.print(`${escapeText(reply.origin)} is signed by a new key, kept in ${place}:`);
      out.print(escapeText(reply.vkey));
    }
    return 0;
  },
});
