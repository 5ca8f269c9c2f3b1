// What `jit elevate aws-prod -- true` costs as a whole process with a warm broker, beside what people type instead:
// `aws sts assume-role`, and beside one Node that asks for a session. All three ask the same fake of STS.

import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { buildSync } from 'esbuild';
import { type Comparison, compare, type Program } from './measure.ts';

const root = path.join(import.meta.dirname, '..');
const rounds = 20;

interface Server {
  readonly env: Record<string, string>;
  readonly folder: string;
  readonly url: string;
  readonly key: { AccessKeyId: string; SecretAccessKey: string };
  readonly roleArn: string;
}

/** Medians of 20 in milliseconds, by baseline. */
export interface AwsFigures {
  /** `cli` is null where there is no AWS CLI. */
  readonly cli: (Comparison & { readonly name: string }) | null;
  readonly bare: Comparison;
  /** With a role that denies the session when the command has ended, which the baseline does not. */
  readonly takenBack: Comparison;
}

export async function benchElevateAws(jit: string): Promise<AwsFigures> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'fake-aws.ts')]);
  child.stderr.pipe(process.stderr);
  try {
    const server = await started(child);
    const elevate = (role: string): Program => ({
      args: [jit, 'elevate', `aws-prod:${role}`, '--for', '15m', '--', 'true'],
      env: server.env,
    });
    const bare: Program = { args: [bundle(server.folder), server.roleArn], env: clientEnv(server) };
    const cli = awsCli(server);
    return {
      cli: cli && { ...compare(elevate('look'), cli, rounds), name: cli.name },
      bare: compare(elevate('look'), bare, rounds),
      takenBack: compare(elevate('deploy'), bare, rounds),
    };
  } finally {
    child.stdin.end();
    if (child.exitCode === null) await once(child, 'close');
  }
}

async function started(child: ChildProcessWithoutNullStreams): Promise<Server> {
  for await (const line of createInterface(child.stdout)) return JSON.parse(line) as Server;
  throw new Error('the fake of AWS did not start');
}

function clientEnv({ env, url, key }: Server): Record<string, string> {
  return {
    ...env,
    AWS_REGION: 'eu-west-1',
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_ENDPOINT_URL_STS: url,
    AWS_ACCESS_KEY_ID: key.AccessKeyId,
    AWS_SECRET_ACCESS_KEY: key.SecretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/** The one of `npm run peers`, else the one in PATH, which may be a wrapper that costs time of its own. */
function awsCli(server: Server): (Program & { name: string }) | null {
  const brought = path.join(root, '.cache', 'peers', 'python', 'bin', 'aws');
  const command = existsSync(brought) ? brought : 'aws';
  const { status, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  if (status !== 0) return null;
  const session = ['--role-session-name', 'bare', '--source-identity', 'bare', '--duration-seconds', '900'];
  const tags = ['--tags', 'Key=jit:lease,Value=lbare'];
  const args = ['sts', 'assume-role', '--role-arn', server.roleArn, ...session, ...tags];
  return { command, args, env: clientEnv(server), name: stdout.split(' ')[0] ?? 'aws-cli' };
}

function bundle(folder: string): string {
  const outfile = path.join(folder, 'bare-assume.mjs');
  buildSync({
    entryPoints: [path.join(import.meta.dirname, 'bare-assume.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  return outfile;
}
