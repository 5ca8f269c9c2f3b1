import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { TargetsReply } from '../../../src/protocol/routes.ts';
import { createFakeClient } from '../../fakes/client.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { jit, jsonError } from '../harness.ts';

type Target = TargetsReply['targets'][number];

const role = (
  name: string,
  frecency: number,
  maxDuration: number | null = 3_600_000,
): Target['roles'][number] => ({
  ...{ name, frecency, maxDuration },
  ...{ description: null, scopes: [], needsApproval: false },
});
const target = (name: string, roles: Target['roles'], console = false): Target => ({
  ...{ name, roles, console },
  ...{ provider: 'postgres', description: null, risk: 'medium' as const },
});
const targets = [
  target('prod-db', [role('read', 1), role('write', 0), role('admin', 9, null)]),
  target('staging', [role('write', 5)]),
  target('aws', [role('read', 0)], true),
];
const client = (all: readonly Target[] = targets) =>
  createFakeClient({ targets: async () => ({ targets: all }) });
const command = ['--', 'true'];

describe('a list of targets that takes long', () => {
  const slow = (clock: FakeClock) =>
    createFakeClient({
      targets: async () => {
        await null;
        clock.advance(6_000);
        return { targets };
      },
    });

  it.each([[['elevate', ...command]], [['targets']], [[]]])(
    'shows that it is waited for: jit %j',
    async (argv) => {
      const clock = new FakeClock();
      const spun: string[] = [];
      const spin = async (text: string) => {
        spun.push(text);
        return () => {};
      };
      await jit(argv, { client: slow(clock), clock, spin, tty: true, answers: [''] });
      expect(spun).toEqual(['Reading the list of targets']);
    },
  );
});

describe('no target on a terminal', () => {
  it.each([
    ['the one that was used most, for Enter alone', '', 'staging', 'write'],
    ['one by a few letters', 'pdw', 'prod-db', 'write'],
    ['no role that the caller may not have', 'prd', 'prod-db', 'read'],
  ])('picks %s', async (_what, answer, name, wanted) => {
    const ran = await jit(['elevate', ...command], { client: client(), tty: true, answers: [answer] });
    expect(ran.code).toBe(0);
    expect(ran.client.asked('elevate')[0]).toMatchObject({ target: name, role: wanted });
  });

  it('is looked for among those that have the role', async () => {
    const argv = ['elevate', '--role', 'read', ...command];
    const ran = await jit(argv, { client: client(), tty: true, answers: [''] });
    expect(ran.client.asked('elevate')[0]).toMatchObject({ target: 'prod-db', role: 'read' });
  });

  it('is one with a console for jit console', async () => {
    const ran = await jit(['console', '--print'], { client: client(), tty: true, answers: [''] });
    expect(ran.client.asked('elevate')[0]).toMatchObject({ target: 'aws' });
  });

  it('is picked for token and env as well', async () => {
    for (const name of ['env', 'token']) {
      const ran = await jit([name, '--print'], { client: client(), tty: true, answers: ['stag'] });
      expect(ran.client.asked('elevate')[0]).toMatchObject({ target: 'staging', role: 'write' });
    }
  });

  it('is denied when the caller may have none', async () => {
    const ran = await jit(['elevate', ...command], {
      client: client([target('prod-db', [role('admin', 0, null)])]),
      tty: true,
    });
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain('jit targets');
  });
});

describe('no target where nobody can be asked', () => {
  it.each(['elevate', 'console', 'token', 'env'])(
    'is named by jit %s, before a broker is started',
    async (name) => {
      for (const more of [{}, { tty: true, env: { CI: 'true' } }]) {
        const extra = name === 'elevate' ? command : ['--print'];
        const ran = await jit([name, ...extra.slice(0, 1), ...extra.slice(1)], more);
        expect(ran.code).toBe(2);
        expect(stripVTControlCharacters(ran.stderr)).toBe(
          `jit: error: "jit ${name}" needs <target>\njit: hint: jit targets\n`,
        );
        expect(ran.connects).toEqual([]);
      }
      const json = await jit(
        name === 'console'
          ? [name, '--print', '--json']
          : [name, '--json', ...(name === 'elevate' ? command : [])],
      );
      expect(jsonError(json).code).toBe('ERR_INPUT_NEEDED');
    },
  );
});
