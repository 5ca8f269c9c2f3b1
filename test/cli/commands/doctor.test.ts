import { describe, expect, it } from 'vitest';
import type { DoctorReply } from '../../../src/protocol/routes.ts';
import { createFakeClient } from '../../fakes/client.ts';
import { jit } from '../harness.ts';

const checks: DoctorReply['checks'] = [
  { target: null, name: 'store', status: 'ok', detail: 'synchronous=FULL' },
  {
    target: 'prod-db',
    name: 'may create roles',
    status: 'failed',
    detail: 'lacks CREATEROLE',
    remedy: 'ALTER ROLE jit_broker CREATEROLE;\n-- once',
  },
  {
    target: 'prod-db',
    name: 'server',
    status: 'warning',
    detail: 'is 14',
    remedy: 'ALTER ROLE jit_broker CREATEROLE;\n-- once',
  },
];
const client = () => createFakeClient({ doctor: async () => ({ checks }) });

describe('jit doctor', () => {
  it('shows every check with its remedy, and fails when one does', async () => {
    const ran = await jit(['doctor', 'prod-db'], { client: client() });
    expect(ran.client.asked('doctor')).toEqual([{ target: 'prod-db' }]);
    expect(ran.code).toBe(1);
    expect(ran.stdout).toMatch(
      /^broker\n {2}ok +store: synchronous=FULL\n\nprod-db\n {2}FAILED +may create roles/,
    );
    expect(ran.stdout).toContain('ALTER ROLE jit_broker CREATEROLE;');
  });

  it('shows the hardening by what it is about and what holds', async () => {
    const measures = [
      ['debugger', 'on'],
      ['cores', 'reduced: no library'],
    ] as const;
    const hardened = createFakeClient({
      doctor: async () => ({
        checks: measures.map(([name, detail]) => ({
          ...{ target: null, name: `hardening: ${name}`, status: 'ok' as const, detail },
        })),
      }),
    });
    const { stdout } = await jit(['doctor'], { client: hardened });
    expect(stdout).toMatch(/ debugger: blocked\n.* core files: reduced: no library\n/);
  });

  it('prints SQL and nothing else on stdout with --remedy, each once', async () => {
    const ran = await jit(['doctor', '--remedy'], { client: client() });
    expect(ran.stdout).toBe('ALTER ROLE jit_broker CREATEROLE;\n-- once\n');
  });

  it('has one heading per target, the broker first, however the checks are mixed', async () => {
    const line = (target: string | null, name: string) => ({
      target,
      name,
      status: 'ok' as const,
      detail: 'x',
    });
    const mixed = ['prod-db', null, 'prod-db', 'other-db', null, 'prod-db'].map((target, index) =>
      line(target, `check ${index}`),
    );
    const fake = createFakeClient({ doctor: async () => ({ checks: mixed }) });
    const ran = await jit(['doctor'], { client: fake });
    const names = ran.stdout.match(/^\S+$|check \d/gm);
    expect(names).toEqual([
      ...['broker', 'check 1', 'check 4', 'prod-db', 'check 0', 'check 2', 'check 5', 'other-db', 'check 3'],
    ]);
  });

  it('keeps the lines of a detail and of advice as lines, and nothing in them acts on the terminal', async () => {
    const fake = createFakeClient({
      doctor: async () => ({
        checks: [
          {
            target: null,
            name: 'configuration',
            status: 'failed',
            detail: 'jit.yaml:2:1: one\njit.yaml:3:1: two \u001b[2J',
            advice: 'correct it',
          },
        ],
      }),
    });
    const { stdout } = await jit(['doctor'], { client: fake });
    expect(
      stdout
        .split('\n')
        .slice(1, 4)
        .map((text) => text.trim()),
    ).toEqual(['FAILED   configuration: jit.yaml:2:1: one', 'jit.yaml:3:1: two \\u{1b}[2J', 'correct it']);
  });

  it('names the command for a whole set-up instead of printing it between the checks', async () => {
    const remedy = `${Array.from({ length: 20 }, (_, index) => `-- line ${index}`).join('\n')}\n`;
    const fake = createFakeClient({
      doctor: async () => ({
        checks: [
          { target: 'prod-db', name: 'connection', status: 'failed', detail: 'x', advice: 'set up', remedy },
        ],
      }),
    });
    const shown = await jit(['doctor'], { client: fake });
    expect(shown.stdout).toContain('jit doctor prod-db --remedy');
    expect(shown.stdout).not.toContain('-- line');
    const sql = await jit(['doctor', '--sql'], { client: fake });
    expect(sql.stdout.trimEnd()).toBe(remedy.trimEnd());
    expect(sql.stderr).toBe('');
  });

  it('prints what was set up for a target that is named, also when all is well, and only when asked', async () => {
    const fake = createFakeClient({
      doctor: async () => ({
        checks: [
          { target: 'aws-prod', name: 'role', status: 'ok', detail: 'x', remedy: 'aws iam create-role' },
        ],
      }),
    });
    const asked = await jit(['doctor', 'aws-prod', '--remedy'], { client: fake });
    expect(asked).toMatchObject({ code: 0, stdout: 'aws iam create-role\n', stderr: '' });
    expect((await jit(['doctor', 'aws-prod'], { client: fake })).stdout).not.toContain('create-role');
    expect((await jit(['doctor', '--remedy'], { client: fake })).stdout).toBe('');
  });

  it('tells with --remedy, or --sql as it was called, on stderr of what nothing mends', async () => {
    const fake = createFakeClient({
      doctor: async () => ({
        checks: [{ target: 'prod-db', name: 'connection', status: 'failed', detail: 'down\nreally' }],
      }),
    });
    const ran = await jit(['doctor', '--sql'], { client: fake });
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain('prod-db: connection: down; really');
  });

  it('ends with 0 when all is well, warnings included', async () => {
    const fine = createFakeClient({
      doctor: async () => ({ checks: checks.filter(({ status }) => status !== 'failed') }),
    });
    expect((await jit(['doctor'], { client: fine })).code).toBe(0);
    const ran = await jit(['doctor', '--sql'], { client: createFakeClient() });
    expect(ran).toMatchObject({ code: 0, stdout: '' });
  });
});
