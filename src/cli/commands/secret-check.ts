// jit secret check: whether the secret behind a reference can be read, never what it is.

import { parseSecretReference } from '../../core/secret-reference.ts';
import { arg, defineCommand } from '../define-command.ts';
import { escapeText } from '../escape.ts';
import { accessKeyText } from '../secret-text.ts';

export const secretCheck = defineCommand({
  name: 'secret check',
  summary: 'see whether a secret can be read; its value is never shown',
  description: [
    'Takes every reference that the configuration takes. Exit code 4 when there is nothing to read. Of an AWS access key the',
    'last four characters of its id are shown. An env: reference is looked up here; the broker has the variables that it was',
    'started with.',
  ].join('\n'),
  args: { reference: arg.required('as in the configuration: keychain:, file:, env: or command:') },
  options: {},
  json: { reference: 'keychain:jit/aws-prod', access_key: { ends: '7QXA', temporary: false } },
  hidesWords: true,
  examples: [{ command: 'jit secret check keychain:jit/aws-prod', does: 'says whether it is there' }],
  async run(world, { args, json }) {
    parseSecretReference(args.reference);
    const reply = await (await world.loadOffline()).secretCheck(args.reference);
    const what = reply.accessKey ? `, ${accessKeyText(reply.accessKey)}` : '';
    if (json) world.out.json(reply);
    else world.out.print(`${escapeText(`${reply.reference} can be read${what}`)}`);
    return 0;
  },
});
