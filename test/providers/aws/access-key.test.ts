import { describe, expect, it } from 'vitest';
import { importKeys, storedForm, storedKeys } from '../../../src/providers/aws/access-key.ts';

const id = 'AKIAIOSFODNN7EXAMPLE';
const temporary = 'ASIAIOSFODNN7EXAMPLE';
const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const json = { AccessKeyId: id, SecretAccessKey: secret };

const plain = (text: string, profile: string | null = null) =>
  JSON.parse(storedForm(importKeys(text, profile)).reveal());

describe('an access key', () => {
  it.each([
    ['credential_process', JSON.stringify({ Version: 1, ...json })],
    [
      'aws iam create-access-key',
      JSON.stringify({ AccessKey: { UserName: 'x', Status: 'Active', ...json } }),
    ],
    ['aws sts', JSON.stringify({ Credentials: { ...json, Expiration: 'x' } })],
    [
      'a credentials file',
      `\n# mine\n[default]\naws_access_key_id=${id}\r\naws_secret_access_key = ${secret}\r\nregion = x\n`,
    ],
    ['lines of an environment', `export AWS_ACCESS_KEY_ID=${id}\nexport AWS_SECRET_ACCESS_KEY="${secret}"`],
    ['lines by the names of the API', `AccessKeyId: ${id}\nSecretAccessKey: ${secret}`],
  ])('is understood as %s', (_form, text) => {
    expect(plain(text)).toEqual(json);
  });

  it('keeps the token of a temporary one, and its end', () => {
    const lines = `[x]\naws_access_key_id = ${temporary}\naws_secret_access_key = ${secret}\n`;
    expect(plain(`${lines}aws_session_token = tok==\n`)).toMatchObject({ SessionToken: 'tok==' });
    expect(() => importKeys(lines, null)).toThrow(/session token/);
    const ends = {
      ...json,
      AccessKeyId: temporary,
      SessionToken: 'tok',
      Expiration: '2026-11-22T15:00:00+00:00',
    };
    expect(plain(JSON.stringify(ends))).toMatchObject({ Expiration: '2026-11-22T15:00:00.000Z' });
  });

  it('is taken of the profile that is named, and of none when there are several', () => {
    const other = 'AKIAI44QH8DHBEXAMPLE';
    const file = [id, other]
      .map(
        (one, n) =>
          `[${n ? 'profile prod' : 'default'}]\naws_access_key_id=${one}\naws_secret_access_key=${secret}\n`,
      )
      .join('\n');
    expect(plain(file, 'prod').AccessKeyId).toBe(other);
    expect(plain(file, 'default').AccessKeyId).toBe(id);
    expect(() => importKeys(file, null)).toThrow(/"default", "prod"/);
    expect(() => importKeys(file, 'stage')).toThrow(/profile "stage"/);
  });

  it.each([
    ['nothing', ''],
    ['a word', secret],
    ['broken JSON', `{"AccessKeyId": "${id}", "SecretAccessKey": "${secret}`],
    ['half of it', JSON.stringify({ AccessKeyId: id })],
    ['an id that is none', JSON.stringify({ ...json, AccessKeyId: secret })],
    ['a secret that is cut', JSON.stringify({ ...json, SecretAccessKey: secret.slice(0, 39) })],
    ['the two swapped', JSON.stringify({ AccessKeyId: secret, SecretAccessKey: id })],
    ['a list', '[1]'],
    ['null in JSON', '{"AccessKey": null}'],
  ])('is not %s, and no message repeats it', (_what, text) => {
    try {
      importKeys(text, null);
      expect.unreachable('a key came back');
    } catch (thrown) {
      const { code, message, hint } = thrown as { code: string; message: string; hint: string };
      expect(code).toBe('ERR_USAGE');
      expect(`${message} ${hint}`).not.toMatch(/wJalr|IOSFODNN7/);
    }
  });

  it('is found again in what was stored, and nowhere else', () => {
    expect(storedKeys(JSON.stringify(json))?.accessKeyId).toBe(id);
    expect(storedKeys('hunter2')).toBeNull();
    expect(storedKeys('{}')).toBeNull();
    expect(storedKeys('null')).toBeNull();
  });
});
