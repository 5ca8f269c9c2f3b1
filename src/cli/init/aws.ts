// What `jit init aws` has to know: from flags, else by questions. Must not: print, or write anything.

import { parseDuration } from '../../core/duration.ts';
import { JitError } from '../../core/errors.ts';
import { parseSecretReference } from '../../core/secret-reference.ts';
import type { Milliseconds } from '../../core/time.ts';
import type { InitAwsRequest } from '../../protocol/offline.ts';
import type { World } from '../world.ts';
import { askFor, freshPath, missing, need, parseTarget, rolesFrom } from './questions.ts';

/** As typed after `jit`. */
export const command = 'init aws';
const roleArn = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,576}$/;

/** `deploy=arn:aws:iam::123456789012:role/jit-deploy`. @throws JitError `ERR_USAGE` */
function parseRole(text: string): [string, string] {
  const equals = text.indexOf('=');
  const [name, arn] = [text.slice(0, Math.max(equals, 0)).trim(), text.slice(equals + 1).trim()];
  if (name && roleArn.test(arn)) return [name, arn];
  throw new JitError('ERR_USAGE', `option "--role": "${text}" is not name=ARN of a role`, {
    hint: '--role deploy=arn:aws:iam::123456789012:role/jit-deploy; a role of its own, for jit alone',
  });
}

const parseRoles = (texts: readonly string[]): Record<string, string> =>
  rolesFrom(texts, parseRole, () => 'give one of them another name');

function parseRegion(text: string): string {
  if (/^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/.test(text)) return text;
  throw new JitError('ERR_USAGE', `"${text}" is not a region`, { hint: 'e.g. eu-west-1' });
}

function parseBroker(text: string): string {
  if (/^arn:aws[a-z-]*:iam::\d{12}:((user|role)\/[\w+=,.@/-]{1,576}|root)$/.test(text)) return text;
  throw new JitError('ERR_USAGE', `"${text}" is not the ARN of a user or role`, {
    hint: text.includes(':assumed-role/')
      ? 'of a session the role counts: arn:aws:iam::<account>:role/<name>'
      : 'e.g. arn:aws:iam::123456789012:user/jit-broker; aws sts get-caller-identity shows it',
  });
}

/** What the command was given. */
export interface Flags {
  readonly target: string | null;
  readonly region: string | null;
  readonly role: readonly string[];
  readonly credentials: string | null;
  readonly profile: string | null;
  readonly 'web-identity-token-file': string | null;
  readonly 'mfa-serial': string | null;
  readonly 'external-id': string | null;
  readonly 'broker-arn': string | null;
  readonly revoke: 'deny-session' | 'none' | null;
  readonly 'max-duration': Milliseconds | null;
  readonly risk: InitAwsRequest['risk'] | null;
  readonly force: boolean;
}

type Login = InitAwsRequest['login'];

/** @throws JitError `ERR_USAGE` for flags that exclude each other, `ERR_CONFIG` for what is no reference */
function loginFrom(flags: Flags, brokerArn: string | null): Login | null {
  const { credentials, profile, 'web-identity-token-file': tokenFile } = flags;
  if ([credentials, profile, tokenFile].filter((one) => one !== null).length > 1) {
    throw new JitError(
      'ERR_USAGE',
      'only one of --credentials, --profile and --web-identity-token-file can be used',
      {
        hint: `jit ${command} --help`,
      },
    );
  }
  if (credentials !== null) {
    if (credentials !== 'default') parseSecretReference(credentials);
    return { kind: 'credentials', reference: credentials };
  }
  if (profile !== null) return { kind: 'profile', name: profile };
  if (tokenFile === null) return null;
  if (brokerArn !== null && roleArn.test(brokerArn))
    return { kind: 'web-identity', tokenFile, roleArn: brokerArn };
  throw new JitError(
    'ERR_INPUT_NEEDED',
    `"jit ${command}" needs "--broker-arn" with a web identity: the role that its token opens`,
    {
      hint: '--broker-arn arn:aws:iam::123456789012:role/jit-broker',
    },
  );
}

async function askForLogin(world: World, target: string): Promise<Login> {
  if (!world.interactive) throw missing(command, '--credentials');
  const reference = `keychain:jit/${target}`;
  const chosen = await world.ask.choose('How does the broker log in to AWS?', [
    { value: 'keychain', description: `an access key of its own, in ${reference}` },
    { value: 'profile', description: 'a profile of ~/.aws/config, e.g. of IAM Identity Center' },
    { value: 'default', description: 'whatever the AWS SDK finds here, e.g. the role of this machine' },
  ]);
  if (chosen === 'profile') return { kind: 'profile', name: await world.ask.text('Profile') };
  return { kind: 'credentials', reference: chosen === 'keychain' ? reference : 'default' };
}

const notNow = 'not now';

/** With an access key of its own, the broker is most likely a user of the account that the roles are in. */
async function askForBroker(
  world: World,
  login: Login,
  roles: Readonly<Record<string, string>>,
): Promise<string | null> {
  const account = /^(arn:[\w-]+:iam::\d{12}):/.exec(Object.values(roles)[0] ?? '')?.[1];
  const isUser = login.kind === 'credentials' && login.reference !== 'default' && account !== undefined;
  const likely = isUser ? `${account}:user/jit-broker` : notNow;
  const read = (text: string): string | null => (text === notNow ? null : parseBroker(text));
  return askFor(world, `ARN of the broker's own user or role, or "${notNow}"`, read, likely);
}

/**
 * The request, from the target as a word, the flags, and questions where those may be asked.
 * @throws JitError with exit code 2; `ERR_CONFLICT` when there is a configuration already
 */
export async function askForAll(world: World, word: string | null, flags: Flags): Promise<InitAwsRequest> {
  if (word !== null && flags.target !== null) {
    throw new JitError('ERR_USAGE', `the target is given twice: "${word}" and --target`, {
      hint: 'leave one out',
    });
  }
  const path = freshPath(world, flags.force);
  const brokerArn = flags['broker-arn'] === null ? null : parseBroker(flags['broker-arn']);
  const given = loginFrom(flags, brokerArn);
  const name = word ?? flags.target;
  // Asked for one, asked for all: a person who gave every needed flag wants no questions.
  const asks = world.interactive && (!name || !flags.region || flags.role.length === 0 || !given);
  const target = await need(world, command, {
    flag: '--target',
    given: name,
    question: 'Name of the target',
    read: parseTarget,
    fallback: 'aws-prod',
  });
  const region = await need(world, command, {
    flag: '--region',
    given: flags.region,
    question: 'Region',
    read: parseRegion,
    fallback: world.env['AWS_REGION'] ?? world.env['AWS_DEFAULT_REGION'],
  });
  const roles =
    flags.role.length > 0
      ? parseRoles(flags.role)
      : await need(world, command, {
          flag: '--role',
          given: null,
          question: 'Roles, as name=ARN, blanks between them (roles of IAM that need not be there yet)',
          read: (answer) => parseRoles(answer.split(/\s+/)),
        });
  const login = given ?? (await askForLogin(world, target));
  return {
    path,
    force: flags.force,
    target,
    region,
    roles,
    login,
    mfaSerial: flags['mfa-serial'],
    externalId: flags['external-id'],
    brokerArn: brokerArn ?? (asks ? await askForBroker(world, login, roles) : null),
    revoke: flags.revoke ?? 'deny-session',
    maxDuration:
      flags['max-duration'] ?? (asks ? await askFor(world, 'Longest grant', parseDuration, '1h') : 3_600_000),
    risk: flags.risk ?? 'medium',
  };
}
