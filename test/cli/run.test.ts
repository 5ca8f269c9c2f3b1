import { describe, expect, it } from 'vitest';
import { ReaderGone } from '../../src/cli/standard-stream.ts';
import { exitCodes, JitError } from '../../src/core/errors.ts';
import { usualShellTerms } from '../../src/core/shell-terms.ts';
import { createFakeClient, fakeGrant, fakeStatus } from '../fakes/client.ts';
import { jit, jsonError } from './harness.ts';

describe('jit', () => {
  it('alone says how to begin when there is no configuration, and starts nothing', async () => {
    const ran = await jit([], { exists: () => false });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('jit init');
    expect(ran.connects).toEqual([]);
  });

  it('alone names a target that may be asked for when nothing is active', async () => {
    const ran = await jit([]);
    expect(ran.stdout).toContain('no active grants');
    expect(ran.stdout).toContain('jit elevate prod-db --for 30m');
  });

  it('alone shows active grants and how to go on or end', async () => {
    const client = createFakeClient({ status: async () => fakeStatus({ grants: [fakeGrant()] }) });
    const ran = await jit([], { client });
    expect(ran.stdout).toContain('jit extend g7f3k2 --for 30m');
    expect(ran.stdout).toContain('jit revoke --all');
  });

  it('tells its version', async () => {
    expect(await jit(['--version'])).toMatchObject({ code: 0, stdout: 'jit 0.1.0\n', stderr: '' });
    expect(await jit(['-V'])).toMatchObject({ stdout: 'jit 0.1.0\n' });
  });

  it('shows the table of exit codes that the code has', async () => {
    const { stdout } = await jit(['help', 'exit-codes']);
    const rows = [...stdout.matchAll(/^ {2}(\d+) +(.+)$/gm)].map((match) => [match[1], match[2]]);
    expect(rows).toEqual(Object.entries(exitCodes));
  });

  it('shows help for all, for a group and for one command', async () => {
    expect((await jit(['help'])).stdout).toContain('policy explain');
    expect((await jit(['help', 'policy'])).stdout).not.toContain('elevate  ');
    expect((await jit(['help', 'policy', 'check'])).stdout).toContain('jit policy check\n');
    expect((await jit(['--help'])).stdout).toBe((await jit(['help'])).stdout);
  });

  it('hands --config to the broker', async () => {
    const ran = await jit(['status', '--config', 'other.yaml']);
    expect(ran.connects).toEqual([{ config: 'other.yaml', start: true }]);
  });

  it('ends with 7 when no broker can be reached', async () => {
    const ran = await jit(['status'], {
      client: new JitError('ERR_BROKER_UNREACHABLE', 'no broker answers'),
    });
    expect(ran.code).toBe(7);
    expect(ran.stderr).toBe('jit: error: no broker answers\n');
    expect(ran.stdout).toBe('');
  });

  it('escapes what the broker says', async () => {
    const ran = await jit(['status'], { client: new JitError('ERR_CONFIG', 'bad "\u001b]0;x\u0007"') });
    expect(ran.stderr).toBe('jit: error: bad "\\u{1b}]0;x\\u{7}"\n');
  });

  it('calls what it did not foresee a bug, with the stack on request', async () => {
    const broken = () =>
      createFakeClient({
        status: async () => {
          throw new TypeError('x is undefined');
        },
      });
    const plain = await jit(['status'], { client: broken() });
    expect(plain.code).toBe(1);
    expect(plain.stderr).toContain('this is a bug in jit');
    expect(plain.stderr).not.toContain('x is undefined');
    const debug = await jit(['status', '--debug'], { client: broken() });
    expect(debug.stderr).toContain('TypeError: x is undefined\n');
    const json = await jit(['status', '--json'], { client: broken() });
    expect(jsonError(json).code).toBe('ERR_INTERNAL');
    expect(json.stdout).toBe('');
  });

  it('colours on request and not otherwise', async () => {
    expect((await jit(['help', '--color'])).stdout).toContain('\u001b[');
    expect((await jit(['help'])).stdout).not.toContain('\u001b[');
  });
});

describe('a result that nobody reads', () => {
  const stdout = () => {
    throw new ReaderGone();
  };

  it('is no failure, and is not talked about', async () => {
    expect(await jit(['targets'], { stdout })).toMatchObject({ code: 0, stderr: '' });
  });

  it.each(['env', 'token'])('is taken back where it was a grant: jit %s', async (name) => {
    const elevate = async () => ({
      grant: fakeGrant({ keep: true }),
      env: { JIT_TOKEN: 'planted' },
      ...{ unset: [], secrets: ['JIT_TOKEN'], notes: [], shell: usualShellTerms },
    });
    const ran = await jit([name, 'prod-db:read'], { client: createFakeClient({ elevate }), stdout });
    expect(ran.code).toBe(0);
    expect(ran.client.asked('revoke')).toMatchObject([{ grant: 'g7f3k2' }]);
  });

  it('ends with 1 when it could not be written', async () => {
    const full = () => {
      throw new JitError('ERR_INTERNAL', 'cannot write the result: ENOSPC');
    };
    expect(await jit(['targets'], { stdout: full })).toMatchObject({ code: 1 });
  });
});
