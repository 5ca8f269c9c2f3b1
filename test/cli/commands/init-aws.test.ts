import { describe, expect, it } from 'vitest';
import type { InitAwsRequest } from '../../../src/protocol/offline.ts';
import { jit, jsonError, type Setting } from '../harness.ts';

const reply = {
  path: '/home/ada/.config/jit/jit.yaml',
  terraform: 'resource "aws_iam_role" "x" {\n}\n',
  commands: ["aws iam create-role --role-name 'x'", 'aws iam put-user-policy'],
  notes: ['Attach to x what people may do.'],
};
const arn = (name: string): string => `arn:aws:iam::123456789012:${name}`;
const required = {
  '--target': 'aws-prod',
  '--region': 'eu-west-1',
  '--role': `deploy=${arn('role/jit-deploy')}`,
  '--credentials': 'keychain:jit/aws-prod',
};
const flags = ['init', 'aws', ...Object.entries(required).flat()];
const without = (flag: string): string[] =>
  Object.entries(required).flatMap(([name, value]) => (name === flag ? [] : [name, value]));

async function init(argv: readonly string[], setting: Setting = {}) {
  const requests: InitAwsRequest[] = [];
  const offline = {
    initAws: async (request: InitAwsRequest) => {
      requests.push(request);
      return reply;
    },
  };
  return { ...(await jit(argv, { exists: () => false, offline, ...setting })), requests };
}

describe('jit init aws', () => {
  it('turns flags into the request, with defaults for the rest, and asks nothing', async () => {
    const ran = await init(flags, { tty: true });
    expect(ran.requests).toEqual([
      {
        path: '/home/ada/.config/jit/jit.yaml',
        force: false,
        target: 'aws-prod',
        region: 'eu-west-1',
        roles: { deploy: arn('role/jit-deploy') },
        login: { kind: 'credentials', reference: 'keychain:jit/aws-prod' },
        mfaSerial: null,
        externalId: null,
        brokerArn: null,
        revoke: 'deny-session',
        maxDuration: 3_600_000,
        risk: 'medium',
      },
    ]);
    expect(ran.questions).toEqual([]);
  });

  it.each(['eusc-de-east-1', 'us-gov-west-1', 'cn-north-1'])(
    'takes the region %s, as a configuration does',
    async (region) => {
      const ran = await init(['init', 'aws', ...without('--region'), '--region', region]);
      expect(ran.requests[0]?.region).toBe(region);
    },
  );

  it('takes all the others, and the target as a word', async () => {
    const more = [
      ...['--role', `look=${arn('role/jit-look')}`, '--mfa-serial', arn('mfa/jit'), '--external-id', 'x-1'],
      ...[
        '--broker-arn',
        arn('user/jit-broker'),
        '--revoke',
        'none',
        '--max-duration',
        '2h',
        '--risk',
        'high',
      ],
    ];
    const ran = await init(['init', 'aws', 'prod', ...without('--target'), ...more]);
    expect(ran.requests[0]).toMatchObject({
      target: 'prod',
      roles: { deploy: arn('role/jit-deploy'), look: arn('role/jit-look') },
      mfaSerial: arn('mfa/jit'),
      externalId: 'x-1',
      brokerArn: arn('user/jit-broker'),
      revoke: 'none',
      maxDuration: 7_200_000,
      risk: 'high',
    });
  });

  it.each([
    [['--profile', 'prod sso'], { kind: 'profile', name: 'prod sso' }],
    [['--credentials', 'default'], { kind: 'credentials', reference: 'default' }],
    [
      ['--web-identity-token-file', '/run/token', '--broker-arn', arn('role/ci')],
      { kind: 'web-identity', tokenFile: '/run/token', roleArn: arn('role/ci') },
    ],
  ])('logs the broker in by %j', async (words, login) => {
    const ran = await init(['init', 'aws', ...without('--credentials'), ...words]);
    expect(ran.requests[0]?.login).toEqual(login);
  });

  it('prints the set-up alone on stdout, comments first, and the next steps on stderr', async () => {
    const ran = await init(flags);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toBe(
      '# Attach to x what people may do.\n\n# --- Terraform ---\nresource "aws_iam_role" "x" {\n}\n\n' +
        "# --- the same with the AWS CLI ---\naws iam create-role --role-name 'x'\naws iam put-user-policy\n",
    );
    const steps = [
      'jit secret set keychain:jit/aws-prod --aws',
      'jit doctor aws-prod',
      'jit elevate aws-prod --for 30m -- aws sts get-caller-identity',
    ];
    for (const step of steps) expect(ran.stderr).toContain(step);
  });

  it('prints only one of the two when asked', async () => {
    const terraform = await init([...flags, '--print', 'terraform']);
    expect(terraform.stdout).toContain('resource');
    expect(terraform.stdout).not.toContain('aws iam');
    const cli = await init([...flags, '--print', 'cli']);
    expect(cli.stdout).not.toContain('resource');
    expect(cli.stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual(
      reply.commands,
    );
  });

  it('asks for everything on a terminal when nothing is given', async () => {
    const role = `deploy=${arn('role/jit-deploy')}`;
    const answers = ['shop', 'Europe', 'eu-west-1', `x ${role}`, role, 'keychain', arn('user/jit'), '2h'];
    const ran = await init(['init', 'aws'], { tty: true, answers });
    expect(ran.requests[0]).toMatchObject({
      target: 'shop',
      region: 'eu-west-1',
      roles: { deploy: arn('role/jit-deploy') },
      login: { kind: 'credentials', reference: 'keychain:jit/shop' },
      brokerArn: arn('user/jit'),
      maxDuration: 7_200_000,
    });
    const later = await init(['init', 'aws', ...without('--credentials')], {
      tty: true,
      answers: ['profile', 'sso', 'not now', '1h'],
    });
    expect(later.requests[0]).toMatchObject({ login: { kind: 'profile', name: 'sso' }, brokerArn: null });
  });

  it.each(Object.keys(required))('names %s when it is missing and nobody can be asked', async (flag) => {
    const ran = await init(['init', 'aws', ...without(flag), '--json']);
    expect(ran.code).toBe(2);
    expect(jsonError(ran)).toMatchObject({
      code: 'ERR_INPUT_NEEDED',
      message: `"jit init aws" needs "${flag}"`,
    });
    expect(ran.requests).toEqual([]);
  });

  it.each([
    ['a role without ARN', [...flags, '--role', 'x'], 'name=ARN'],
    ['the ARN of a user as role', [...flags, '--role', `x=${arn('user/x')}`], 'name=ARN'],
    ['a role named twice', [...flags, '--role', `deploy=${arn('role/y')}`], 'names "deploy" twice'],
    ['two ways to log in', [...flags, '--profile', 'x'], 'only one of'],
    [
      'a secret in place of its reference',
      ['init', 'aws', ...without('--credentials'), '--credentials', 'hunter2'],
      'never the secret',
    ],
    [
      'a web identity that opens nothing',
      ['init', 'aws', ...without('--credentials'), '--web-identity-token-file', '/t'],
      '--broker-arn',
    ],
    ['a region that is none', ['init', 'aws', ...without('--region'), '--region', 'Europe'], 'eu-west-1'],
    [
      'a session as the broker',
      [...flags, '--broker-arn', 'arn:aws:sts::123456789012:assumed-role/x/y'],
      'role/<name>',
    ],
    ['the target twice', [...flags, 'other'], 'given twice'],
    ['an option of another init', [...flags, '--host', 'db'], '--host'],
    ['an option before the word aws', ['init', '--host', 'db', 'aws'], '--host'],
  ])('refuses %s', async (_what, argv, says) => {
    const ran = await init(argv);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(says);
    expect(ran.stderr).not.toContain('hunter2');
    expect(ran.requests).toEqual([]);
  });

  it('replaces a configuration only with --force, and says so before it asks for anything', async () => {
    const ran = await init(['init', 'aws'], { exists: () => true, tty: true });
    expect([ran.code, ran.requests, ran.questions]).toEqual([1, [], []]);
    expect(ran.stderr).toContain('--force');
    const forced = await init([...flags, '--force'], { exists: () => true });
    expect(forced.requests[0]).toMatchObject({ force: true });
  });

  it('leaves "jit init" and its targets to PostgreSQL, whatever they are called', async () => {
    const requests: unknown[] = [];
    const offline = {
      init: async (request: unknown) => {
        requests.push(request);
        return { path: 'x', secret: 'y', sql: 'z' };
      },
    };
    const words = ['--host', 'aws', '--database', 'aws', '--role', 'read=aws'];
    for (const name of [
      ['init', 'db'],
      ['init', 'postgres', 'aws'],
    ]) {
      expect((await jit([...name, ...words], { offline, exists: () => false })).code).toBe(0);
    }
    expect(requests).toMatchObject([
      { target: 'db', host: 'aws' },
      { target: 'aws', database: 'aws' },
    ]);
  });
});
