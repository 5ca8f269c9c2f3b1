import { describe, expect, it } from 'vitest';
import { JitError } from '../../../src/core/errors.ts';
import type { SecretReply, SecretSetRequest } from '../../../src/protocol/offline.ts';
import { jit, jsonError, type Setting } from '../harness.ts';

const longLived = 'AKIAIOSFODNN7EXAMPLE';
const planted = 'hunter2-planted';
const plain: SecretReply = { reference: 'keychain:jit/x', accessKey: null };
const key: SecretReply = { reference: 'keychain:jit/x', accessKey: { ends: '7QXA', temporary: false } };

async function secret(argv: readonly string[], setting: Setting = {}, reply: SecretReply = plain) {
  const stored: SecretSetRequest[] = [];
  const removed: string[] = [];
  const offline = {
    secretSet: async (request: SecretSetRequest) => {
      stored.push(request);
      return reply;
    },
    secretCheck: async () => reply,
    secretRemove: async (reference: string) => void removed.push(reference),
  };
  const ran = await jit(['secret', ...argv], { offline, ...setting });
  expect(ran.stdout + ran.stderr).not.toContain(planted);
  return { ...ran, stored, removed };
}

const set = ['set', 'keychain:jit/x'];

describe('jit secret set', () => {
  it.each([
    ['as it is', planted, planted],
    ['without the newline at its end', `${planted}\n`, planted],
    ['without the newline of another system', `${planted}\r\n`, planted],
    ['with all but one of its newlines', `a\n${planted}\n\n`, `a\n${planted}\n`],
  ])('stores what standard input holds, %s', async (_how, input, value) => {
    const ran = await secret(set, { input });
    expect(ran).toMatchObject({ code: 0, stdout: '', stderr: 'jit: stored keychain:jit/x\n' });
    expect(ran.stored.map((one) => one.value.reveal())).toEqual([value]);
    expect(ran.stored).toMatchObject([{ reference: 'keychain:jit/x', kind: 'text', profile: null }]);
  });

  it('asks on a terminal', async () => {
    const ran = await secret(set, { tty: true, answers: [planted] });
    expect(ran.questions).toEqual(['Secret']);
    expect(ran.stored[0]?.value.reveal()).toBe(planted);
  });

  it('asks for both halves of an access key, and for the token of a temporary one', async () => {
    const ran = await secret([...set, '--aws'], { tty: true, answers: [longLived, planted] }, key);
    expect(ran.questions).toEqual(['Access key id', 'Secret access key']);
    expect(JSON.parse(ran.stored[0]?.value.reveal() ?? '')).toEqual({
      AccessKeyId: longLived,
      SecretAccessKey: planted,
    });
    expect(ran.stderr).toContain('ending in 7QXA');
    expect(ran.stderr).toContain('~/.aws/credentials');
    const temporary = await secret([...set, '--aws'], {
      tty: true,
      answers: [longLived.replace('AKIA', 'ASIA'), planted, 'token'],
    });
    expect(JSON.parse(temporary.stored[0]?.value.reveal() ?? '')).toMatchObject({ SessionToken: 'token' });
  });

  it('asks again for what is no access key id, before it asks for the secret, and does not repeat it', async () => {
    const answers = [planted, `${longLived} `, longLived.toLowerCase(), longLived, planted];
    const ran = await secret([...set, '--aws'], { tty: true, answers }, key);
    expect(ran.questions).toEqual([...Array(4).fill('Access key id'), 'Secret access key']);
    expect(ran.stderr.match(/this is no access key id/g)).toHaveLength(3);
    expect(ran.stderr).not.toContain(planted);
    expect(JSON.parse(ran.stored[0]?.value.reveal() ?? '').AccessKeyId).toBe(longLived);
  });

  it('passes on which profile is meant', async () => {
    const ran = await secret([...set, '--aws', '--profile', 'prod'], { input: '[prod]' });
    expect(ran.stored).toMatchObject([{ kind: 'aws', profile: 'prod' }]);
  });

  it.each([
    ['nothing on standard input', set, { input: '\n' }, /needs the value on standard input/],
    ['a terminal where nothing may be asked', [...set, '--no-input'], { tty: true }, /may not ask/],
    ['bytes that are no text', set, { input: new Uint8Array([0xff, 0xfe]) }, /UTF-8/],
    ['a profile of nothing', [...set, '--profile', 'x'], { input: planted }, /belongs to/],
  ] as const)('stores nothing with %s', async (_what, argv, setting, why) => {
    const ran = await secret(argv, setting);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(why);
    expect(ran.stored).toEqual([]);
  });

  it.each([
    ['in place of the reference', [planted]],
    ['after the reference', ['keychain:jit/x', planted]],
    ['after two dashes', ['keychain:jit/x', '--', planted]],
    ['after the flag', ['keychain:jit/x', '--aws', planted]],
    ['as the value of a flag', ['keychain:jit/x', `--aws=${planted}`]],
    ['as the value of a flag that is not there', ['keychain:jit/x', `--value=${planted}`]],
  ])('refuses a value on the command line without repeating it: %s', async (_where, words) => {
    const ran = await secret(['set', ...words], { input: 'x' });
    expect(ran.code).toBe(2);
    expect(ran.stored).toEqual([]);
  });

  it.each([
    ['file:/etc/jit/x', 'a file of mode 600'],
    ['env:PASSWORD', 'export PASSWORD'],
    ['command:pass show db', 'where "pass" finds it'],
  ])('says of %s how to provide it, before it asks for anything', async (reference, how) => {
    const ran = await secret(['set', reference], { tty: true });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(how);
    expect(ran.questions).toEqual([]);
  });
});

describe('jit secret check', () => {
  it('says that it is there, and of an access key which one', async () => {
    expect(await secret(['check', 'keychain:jit/x'])).toMatchObject({
      code: 0,
      stdout: 'keychain:jit/x can be read\n',
    });
    const { stdout } = await secret(['check', 'keychain:jit/x'], {}, key);
    expect(stdout).toBe('keychain:jit/x can be read, AWS access key ending in 7QXA\n');
  });

  it('ends with 4 when nothing is there', async () => {
    const secretCheck = async (): Promise<SecretReply> => {
      throw new JitError('ERR_SECRET_UNAVAILABLE', 'the keychain has no item "jit/x"');
    };
    const ran = await jit(['secret', 'check', 'keychain:jit/x', '--json'], { offline: { secretCheck } });
    expect(ran.code).toBe(4);
    expect(jsonError(ran).code).toBe('ERR_SECRET_UNAVAILABLE');
  });

  it('does not repeat what is no reference', async () => {
    expect((await secret(['check', planted])).code).toBe(2);
  });
});

describe('jit secret remove', () => {
  it('removes that item, and nothing that is not in the keychain', async () => {
    const ran = await secret(['remove', 'keychain:jit/x']);
    expect(ran).toMatchObject({ code: 0, stdout: '', stderr: 'jit: removed keychain:jit/x\n' });
    expect(ran.removed).toEqual(['keychain:jit/x']);
    const refused = await secret(['remove', 'file:/etc/jit/x']);
    expect([refused.code, refused.removed]).toEqual([2, []]);
  });
});
