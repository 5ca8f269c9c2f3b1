import { describe, expect, it } from 'vitest';
import { JitError } from '../../../src/core/errors.ts';
import { jit } from '../harness.ts';

const argv = ['store', 'init', '--host', 'db', '--port', '6000', '--database', 'jit'];

const failing = (cause: Error) =>
  jit(argv, {
    offline: {
      storeInit: async () => {
        const hint = 'check the section "store"';
        throw new JitError('ERR_TARGET_REFUSED', 'the shared store said no', { hint, cause });
      },
    },
  });

const answered = (code: string): Error => Object.assign(new Error('no'), { code });

describe('jit store init', () => {
  it('prints a section that can be pasted as it is, and how the readers have theirs', async () => {
    const offline = { storeInit: async () => ({ applied: ['append'], version: 3 }) };
    const { stdout, code } = await jit(argv, { offline });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^store:\n {2}host: "db"\n {2}port: 6000\n {2}database: "jit"\n {2}user: /);
    expect(stdout).toMatch(/^ {2}# auditor: \{ user: jit_audit, /m);
  });

  it('says what an administrator can do, and names no section of a configuration that need not be there', async () => {
    for (const [code, hint] of [
      ['3D000', 'createdb -h db -p 6000 -U postgres jit'],
      ['28P01', 'PGPASSWORD'],
      ['28000', '--user'],
      ['42501', '--print'],
      ['ECONNREFUSED', '--host'],
    ] as const) {
      const ran = await failing(answered(code));
      expect([ran.code, ran.stdout]).toEqual([1, '']);
      expect(ran.stderr).toContain(hint);
      expect(ran.stderr).not.toContain('section');
    }
  });

  it('says that a password is asked for where none was given, instead of a connection that was lost', async () => {
    const ran = await failing(
      new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'),
    );
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('the server at db:6000 asks for the password of "postgres"');
    expect(ran.stderr).toContain('PGPASSWORD');
  });

  it('says that PGPASSWORD is taken anyway, where it is named and not set', async () => {
    const storeInit = async () => {
      const hint = 'choose another name: variables that steer programs are kept from the broker';
      throw new JitError('ERR_SECRET_UNAVAILABLE', 'environment variable "PGPASSWORD" is not set', { hint });
    };
    const named = await jit([...argv, '--password', 'env:PGPASSWORD'], { offline: { storeInit } });
    expect(named.code).toBe(4);
    expect(named.stderr).toContain('hint: set PGPASSWORD; it is taken anyway, without --password\n');
    const other = await jit([...argv, '--password', 'env:PGHOST'], { offline: { storeInit } });
    expect(other.stderr).toContain('choose another name');
  });

  it('leaves what it does not know as it is', async () => {
    expect((await failing(answered('XX000'))).stderr).toContain('check the section "store"');
  });
});
