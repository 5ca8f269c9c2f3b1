// jit secret set: puts a secret into the keychain, for the broker. The value is asked for without echo or read from
// standard input; it is never on the command line.

import { JitError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { keychainItem } from '../../core/secret-reference.ts';
import { arg, defineCommand, opt } from '../define-command.ts';
import { escapeText } from '../escape.ts';
import { accessKeyText } from '../secret-text.ts';
import type { World } from '../world.ts';

/** As much as the broker reads. */
const largest = 65_536;

async function fromInput(world: World): Promise<string> {
  const bytes = await world.readInput(largest);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new JitError('ERR_USAGE', 'standard input is not text in UTF-8');
  }
  if (text.trim() !== '') return text.replace(/\r?\n$/, '');
  throw new JitError('ERR_INPUT_NEEDED', '"jit secret set" needs the value on standard input', {
    hint: 'jit secret set … < file, or run it on a terminal to be asked',
  });
}

/** As IAM makes them; what the broker's own check of the whole key says, before the secret is asked for. */
const accessKeyId = /^(AKIA|ASIA)[A-Z0-9]{12,124}$/;

async function askForKey({ ask, out }: World): Promise<string> {
  let id = await ask.text('Access key id');
  while (!accessKeyId.test(id)) {
    // What was typed is not repeated: it may be the secret.
    out.warn('this is no access key id: it has to begin with AKIA, or ASIA for a temporary key');
    id = await ask.text('Access key id');
  }
  const secret = await ask.secret('Secret access key');
  const token = id.startsWith('ASIA') ? { SessionToken: await ask.secret('Session token') } : {};
  return JSON.stringify({ AccessKeyId: id, SecretAccessKey: secret, ...token });
}

async function valueFor(world: World, aws: boolean): Promise<string> {
  if (!world.isTTY.stdin) return fromInput(world);
  if (world.interactive) return aws ? askForKey(world) : world.ask.secret('Secret');
  throw new JitError(
    'ERR_INPUT_NEEDED',
    '"jit secret set" may not ask here: give the value on standard input',
  );
}

export const secretSet = defineCommand({
  name: 'secret set',
  summary: 'put a secret into the keychain, for the broker to read',
  description: [
    'Asks for the value, or reads it from standard input (one newline at the end does not count). Prints nothing on stdout.',
    'With --aws the value is an access key: its id and secret are asked for, or standard input holds the JSON of',
    '"aws iam create-access-key", "aws configure export-credentials" or credential_process, or lines of ~/.aws/credentials.',
    'A broker that runs keeps an AWS access key for up to five minutes, unless AWS refuses it.',
  ].join('\n'),
  args: { reference: arg.required('where to, as in the configuration: keychain:<service>/<account>') },
  options: {
    aws: opt.flag('the value is an AWS access key'),
    profile: opt.name('name', 'with --aws: which profile of the credentials file'),
  },
  hidesWords: true,
  examples: [
    { command: 'jit secret set keychain:jit/prod-db < password.txt', does: 'from a file' },
    { command: 'jit secret set keychain:jit/aws-prod --aws', does: 'asks for access key id and secret' },
    {
      command: 'jit secret set keychain:jit/aws-prod --aws --profile prod < ~/.aws/credentials',
      does: 'one profile of a credentials file',
    },
  ],
  async run(world, { args, options }) {
    const { out } = world;
    const { reference } = args;
    const { profile } = options;
    keychainItem(reference);
    if (profile !== null && !options.aws) {
      throw new JitError('ERR_USAGE', 'option "--profile" belongs to "--aws"', {
        hint: 'jit secret set --help',
      });
    }
    const value = new Secret(await valueFor(world, options.aws));
    const offline = await world.loadOffline();
    const reply = await offline.secretSet({ reference, value, kind: options.aws ? 'aws' : 'text', profile });
    const { accessKey } = reply;
    out.note(
      `jit: stored ${escapeText(reference)}${accessKey ? `: ${escapeText(accessKeyText(accessKey))}` : ''}`,
    );
    if (accessKey?.temporary)
      out.warn('a temporary access key ends by itself: the broker needs a long-lived one, or a profile');
    if (options.aws)
      out.note('     if the same key is in ~/.aws/credentials, remove it there now: jit does not need it');
    return 0;
  },
});
