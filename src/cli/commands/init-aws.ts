// jit init aws: a first configuration for one AWS target, by questions or from flags, and what is set up in the account.

import { formatDuration, parseDuration } from '../../core/duration.ts';
import { JitError } from '../../core/errors.ts';
import { parseSecretReference } from '../../core/secret-reference.ts';
import type { Milliseconds } from '../../core/time.ts';
import type { InitAwsReply, InitAwsRequest } from '../../protocol/offline.ts';
import { arg, defineCommand, opt } from '../define-command.ts';
import { escapeLines } from '../escape.ts';
import {
  askFor,
  firstSteps,
  freshPath,
  missing,
  need,
  parseTarget,
  rolesFrom,
  tellSteps,
} from '../init-questions.ts';
import { quotedWord } from '../quoted-word.ts';
import type { World } from '../world.ts';

const command = 'init aws';
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
  if (/^[a-z]{2}(-[a-z]+)+-\d{1,2}$/.test(text)) return text;
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

interface Flags {
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

async function askForAll(world: World, word: string | null, flags: Flags): Promise<InitAwsRequest> {
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

/** Comments and code: both parts can be run or applied as they are. */
function setupLines(
  { terraform, commands, notes }: InitAwsReply,
  print: 'terraform' | 'cli' | 'both',
): string[] {
  const parts = {
    terraform: [terraform.trimEnd()],
    cli: commands,
    both: ['# --- Terraform ---', terraform, '# --- the same with the AWS CLI ---', ...commands],
  };
  return [...notes.map((note) => `# ${note}`), '', ...parts[print]];
}

function nextSteps(world: World, request: InitAwsRequest): string[] {
  const { login, roles } = request;
  const { doctor, elevate } = firstSteps(world, request, Object.keys(roles));
  const how =
    login.kind === 'profile'
      ? [
          `log in, if it is a profile of IAM Identity Center: aws sso login --profile ${quotedWord(login.name)}`,
        ]
      : login.kind === 'credentials' && login.reference.startsWith('keychain:')
        ? [`jit secret set ${quotedWord(login.reference)} --aws`]
        : [];
  return [
    'an administrator of the account sets up what is on stdout, once',
    ...how,
    doctor,
    `${elevate} -- aws sts get-caller-identity`,
  ];
}

export const initAws = defineCommand({
  name: command,
  summary: 'write a first configuration for an AWS account',
  description: [
    'Asks for what no flag gives. Writes the configuration, and prints on stdout what an administrator of the account sets up',
    'once, as Terraform and as commands of the AWS CLI: a role per role of the target that only jit can make sessions of, and',
    "the broker's own rights. With --broker-arn nothing is left to fill in. The access key is stored by jit secret set.",
  ].join('\n'),
  args: { target: arg.optional('what the account is to be called, e.g. aws-prod') },
  options: {
    target: opt.name('name', 'the same as the argument'),
    region: opt.text('region', 'region whose STS is asked, and that sessions get'),
    role: opt.list('name=ARN', 'a role, and the role of IAM that it means; one for jit alone'),
    credentials: opt.text(
      'reference',
      "the broker's own access key: keychain:<service>/<account>, or default",
    ),
    profile: opt.text('name', 'instead: a profile of ~/.aws/config'),
    'web-identity-token-file': opt.text(
      'file',
      'instead: an OIDC token, which opens the role of --broker-arn',
    ),
    'mfa-serial': opt.text('ARN', 'MFA device of the access key; the roles then ask for MFA'),
    'external-id': opt.text('id', 'external id that the roles ask for'),
    'broker-arn': opt.text('ARN', "the broker's own user or role"),
    revoke: opt.choice(
      'how',
      ['deny-session', 'none'],
      'deny-session, the default: the broker may take back single sessions; none: they end by themselves',
    ),
    'max-duration': opt.duration('no grant is longer, else 1h', { aliases: ['max'] }),
    risk: opt.choice('risk', ['low', 'medium', 'high'], 'how much harm can be done there, else medium'),
    print: opt.choice('what', ['terraform', 'cli', 'both'], 'what to print, else both'),
    force: opt.flag('replace the configuration that is there'),
  },
  json: {
    path: '/home/alice/.config/jit/jit.yaml',
    terraform: 'resource "aws_iam_role" "jit_aws_prod_deploy" {…}',
    commands: ["aws iam create-role --role-name jit-deploy --assume-role-policy-document '{…}'"],
    notes: ['Attach to jit-deploy what people may do with it: sessions can do no more than the role.'],
  },
  examples: [
    { command: 'jit init aws', does: 'by questions' },
    {
      command:
        'jit init aws aws-prod --region eu-west-1 --role deploy=arn:aws:iam::123456789012:role/jit-deploy --credentials keychain:jit/aws-prod --broker-arn arn:aws:iam::123456789012:user/jit-broker --print terraform > jit.tf',
      does: 'from flags; an administrator applies jit.tf once',
    },
  ],
  async run(world, { args, options, json }) {
    const request = await askForAll(world, args.target, options);
    const reply = await (await world.loadOffline()).initAws(request);
    if (json) {
      world.out.json(reply);
      return 0;
    }
    const long = formatDuration(request.maxDuration);
    tellSteps(
      world,
      [`wrote ${reply.path}`, `grants on "${request.target}" last ${long} at most`],
      nextSteps(world, request),
    );
    world.out.print(
      escapeLines(
        setupLines(reply, options.print ?? 'both')
          .join('\n')
          .trimEnd(),
      ),
    );
    return 0;
  },
});
