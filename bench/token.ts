// What `jit token repos` costs as a whole process, beside one Node that asks for a token as the broker does and nothing else:
// when a broker runs, and in a CI job where none does. All ask the same fake of GitHub.

import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type Comparison, compare, type Program } from './measure.ts';

const rounds = 20;

interface Server {
  readonly env: Record<string, string>;
  readonly url: string;
  /** Path of the App's private key. */
  readonly key: string;
  readonly installation: number;
}

/** Medians of 20 in milliseconds. */
export interface TokenFigures {
  /** A broker runs. */
  readonly warm: Comparison;
  /** None runs: one is started beside the command, and stays. */
  readonly cold: Comparison;
  /** None runs: a command has it inside, and gives its token back at its end. So does the baseline. */
  readonly inside: Comparison;
}

export async function benchToken(jit: string): Promise<TokenFigures> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'fake-github.ts')]);
  child.stderr.pipe(process.stderr);
  try {
    const { env, url, key, installation } = await started(child);
    const token: Program = {
      args: [jit, 'token', 'repos:read', '--for', '10m', '--reason', 'bench'],
      env,
    };
    const script = path.join(import.meta.dirname, 'bare-token.cjs');
    const bare: Program = { args: [script, url, key, String(installation)], env };
    const warm = compare(token, bare, rounds);
    const job = { ...env, CI: 'true', JIT_RUN_ID: 'bench' };
    const before = (): void => {
      const { status, stderr } = spawnSync(process.execPath, [jit, 'broker', 'stop'], {
        env,
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(`the broker does not stop: ${stderr}`);
    };
    const command = ['elevate', 'repos:read', '--for', '10m', '--reason', 'bench', '--', 'true'];
    return {
      warm,
      cold: compare({ ...token, env: job, before }, bare, rounds),
      inside: compare(
        { args: [jit, ...command], env: job, before },
        { ...bare, args: [...bare.args, 'delete'] },
        rounds,
      ),
    };
  } finally {
    child.stdin.end();
    if (child.exitCode === null) await once(child, 'close');
  }
}

async function started(child: ChildProcessWithoutNullStreams): Promise<Server> {
  for await (const line of createInterface(child.stdout)) return JSON.parse(line) as Server;
  throw new Error('the fake of GitHub did not start');
}
