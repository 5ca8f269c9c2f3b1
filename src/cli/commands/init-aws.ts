// jit init aws: a first configuration for one AWS target, by questions or from flags, and what is set up in the account.

import { formatDuration } from '../../core/duration.ts';
import type { InitAwsReply, InitAwsRequest } from '../../protocol/offline.ts';
import { arg, defineCommand, opt } from '../define-command.ts';
import { escapeLines } from '../escape.ts';
import { askForAll, command } from '../init/aws.ts';
import { firstSteps, tellSteps } from '../init/questions.ts';
import { quotedWord } from '../quoted-word.ts';
import type { World } from '../world.ts';

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
