import { describe, expect, it } from 'vitest';
import { JitError } from '../../../src/core/errors.ts';
import { createFakeClient } from '../../fakes/client.ts';
import { jit } from '../harness.ts';

const keys = { Version: 1, AccessKeyId: 'ASIAX', SecretAccessKey: 's', SessionToken: 't', Expiration: 'e' };
const client = () => createFakeClient({ credential: async () => ({ credential: keys }) });

describe('jit credential aws', () => {
  it('prints what credential_process wants, and nothing else', async () => {
    const ran = await jit(['credential', 'aws', '--grant', 'g7f3k2'], { client: client() });
    expect(ran.client.asked('credential')).toEqual([{ grant: 'g7f3k2', kind: 'aws' }]);
    expect(ran).toMatchObject({ code: 0, stdout: `${JSON.stringify(keys)}\n`, stderr: '' });
  });

  it('means the grant around this shell when none is named', async () => {
    const ran = await jit(['credential', 'aws'], { client: client(), env: { JIT_GRANT_ID: 'garound' } });
    expect(ran.client.asked('credential')).toEqual([{ grant: 'garound', kind: 'aws' }]);
    for (const tty of [false, true]) {
      const { stderr } = await jit(['credential', 'aws'], { tty });
      expect(stderr).toContain('needs "--grant" outside of an elevated shell');
      expect(stderr).toContain('jit status');
    }
  });

  it('shows keys on a terminal only when asked for by name, and asks for none otherwise', async () => {
    const refused = await jit(['credential', 'aws', '--grant', 'g1'], { client: client(), tty: true });
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('--print');
    expect(refused.client.calls).toEqual([]);
    const asked = await jit(['credential', 'aws', '--grant', 'g1', '--print'], {
      client: client(),
      tty: true,
    });
    expect(asked.stdout).toContain('ASIAX');
  });

  it('starts no broker: a new one would hold nothing', async () => {
    const gone = new JitError('ERR_BROKER_UNREACHABLE', 'no broker answers');
    const ran = await jit(['credential', 'aws', '--grant', 'g1'], { client: gone });
    expect(ran.connects).toEqual([{ config: null, start: false }]);
    expect(ran.code).toBe(124);
    expect(ran.stderr).toContain('has ended');
  });
});
