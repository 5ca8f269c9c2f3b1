// jit secret remove: takes a secret out of the keychain.

import { keychainItem } from '../../core/secret-reference.ts';
import { arg, defineCommand } from '../define-command.ts';
import { escapeText } from '../escape.ts';

export const secretRemove = defineCommand({
  name: 'secret remove',
  summary: 'take a secret out of the keychain',
  description: 'Prints nothing on stdout. Exit code 4 when the keychain has no such item.',
  args: { reference: arg.required('which one: keychain:<service>/<account>') },
  options: {},
  hidesWords: true,
  examples: [{ command: 'jit secret remove keychain:jit/aws-prod', does: 'removes that item alone' }],
  async run(world, { args }) {
    keychainItem(args.reference);
    await (await world.loadOffline()).secretRemove(args.reference);
    world.out.note(`jit: removed ${escapeText(args.reference)}`);
    return 0;
  },
});
