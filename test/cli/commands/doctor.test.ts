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

  it('prints SQL and nothing else on stdout with --sql, each remedy once', async () => {
    const ran = await jit(['doctor', '--sql'], { client: client() });
    expect(ran.stdout).toBe('ALTER ROLE jit_broker CREATEROLE;\n-- once\n');
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
