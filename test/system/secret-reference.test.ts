import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import type { Keychain } from '../../src/system/keychain.ts';
import { isAlive, sessionOf } from '../../src/system/process-info.ts';
import { runForSecret } from '../../src/system/run-for-secret.ts';
import { createSecretResolver, type SecretResolverOptions } from '../../src/system/secret-reference.ts';
import { temporaryFolder } from '../fakes/folder.ts';
import { until } from '../support/until.ts';

const keychain: Keychain = {
  get: async (service, account) =>
    `${service}/${account}` === 'jit/prod' ? new Secret('from keychain') : null,
  set: async () => undefined,
  delete: async () => false,
};

const planted = 'planted-value';

function resolve(reference: string, options: Partial<SecretResolverOptions> = {}): Promise<Secret> {
  return createSecretResolver({ env: { PATH: process.env['PATH'] }, keychain, ...options })(reference);
}

async function failure(reference: string, options: Partial<SecretResolverOptions> = {}) {
  const error = await resolve(reference, options).then(
    () => expect.unreachable('a secret came back'),
    (thrown) => thrown,
  );
  expect(`${error.message} ${error.hint} ${error.cause}`).not.toContain(planted);
  return error;
}

function file(content: string | Buffer, mode = 0o600): string {
  const place = path.join(temporaryFolder(), 'secret');
  writeFileSync(place, content);
  chmodSync(place, mode);
  return place;
}

describe('file:', () => {
  it.each([
    [`${planted}\n`, planted],
    [`${planted}\r\n`, planted],
    [`${planted}\n\n`, `${planted}\n`],
    [` ${planted} `, ` ${planted} `],
  ])(
    'reads %j as %j: one newline at the end is the editor’s, the rest is the secret',
    async (content, value) => {
      expect((await resolve(`file:${file(content)}`)).reveal()).toBe(value);
    },
  );

  it('refuses files that others can read, links, and missing ones, with the remedy', async () => {
    const open = file(planted, 0o644);
    const closed = file(planted);
    symlinkSync(closed, `${closed}.link`);
    expect(await failure(`file:${open}`)).toMatchObject({
      code: 'ERR_SECRET_UNAVAILABLE',
      hint: `run: chmod 600 ${open}`,
    });
    expect(await failure(`file:${closed}.link`)).toMatchObject({
      message: expect.stringContaining('symbolic link'),
    });
    expect(await failure('file:/nonexistent/x')).toMatchObject({
      code: 'ERR_SECRET_UNAVAILABLE',
      message: 'file "/nonexistent/x" cannot be read: there is no such file',
      hint: 'check the path in the config',
    });
    expect(await failure(`file:${closed}/x`)).toMatchObject({
      code: 'ERR_SECRET_UNAVAILABLE',
      message: `file "${closed}/x" cannot be read: its folder is no folder`,
    });
    expect(await failure(`file:${path.dirname(closed)}`)).toMatchObject({
      code: 'ERR_SECRET_UNAVAILABLE',
      message: expect.stringContaining('it is not a regular file'),
    });
  });

  it('refuses what is empty, too large, binary or holds NUL', async () => {
    for (const content of ['', '\n', 'x'.repeat(70_000), Buffer.from([0xff, 0xfe, 0xfd]), `${planted}\0`]) {
      expect((await failure(`file:${file(content)}`)).code).toBe('ERR_SECRET_UNAVAILABLE');
    }
  });
});

describe('env:', () => {
  it('reads from the environment it was given', async () => {
    expect((await resolve('env:PROD', { env: { PROD: planted } })).reveal()).toBe(planted);
    expect(await failure('env:PATH', { env: {} })).toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  });

  it('says why a variable that steers programs is never there', async () => {
    expect(await failure('env:PGPASSWORD')).toMatchObject({ hint: expect.stringContaining('another name') });
  });
});

describe('keychain:', () => {
  it('asks for service and account, and says how to add what is missing', async () => {
    expect((await resolve('keychain:jit/prod')).reveal()).toBe('from keychain');
    expect(await failure('keychain:jit/other')).toMatchObject({
      code: 'ERR_SECRET_UNAVAILABLE',
      message: 'the keychain has no item "jit/other"',
    });
  });
});

describe('command:', () => {
  it('runs a program without a shell and takes what it prints', async () => {
    expect((await resolve('command:printf "%s %s" "$HOME;" `id`')).reveal()).toBe('$HOME; `id`');
  });

  it('gives it a small environment, no input and a umask that it can work with', async () => {
    const out = path.join(temporaryFolder(), 'out');
    const env = { PATH: process.env['PATH'], OTHER_SECRET: planted };
    const before = process.umask(0o177);
    try {
      await resolve(`command:sh -c 'umask > ${out}; env >> ${out}; cat >> ${out}; echo ok'`, { env });
      expect(process.umask()).toBe(0o177);
    } finally {
      process.umask(before);
    }
    const seen = readFileSync(out, 'utf8');
    expect(seen).toMatch(/^0077\n/);
    expect(seen).toContain('PATH=');
    expect(seen).not.toContain(planted);
  });

  it('ends it with all that it started when it takes too long', async () => {
    const pids = path.join(temporaryFolder(), 'pids');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const hang = resolve(`command:sh -c 'sleep 1000 & echo $! > ${pids}.new; mv ${pids}.new ${pids}; wait'`, {
      timeout: 300,
    });
    const failing = expect(hang).rejects.toMatchObject({
      code: 'ERR_SECRET_UNAVAILABLE',
      message: 'command "sh" gave no secret: no answer within 0.3 s',
    });
    // Only then is its time over, however long the start takes.
    while (!existsSync(pids)) await new Promise(setImmediate);
    vi.advanceTimersByTime(300);
    await failing;
    vi.useRealTimers();
    const session = sessionOf(Number(readFileSync(pids, 'utf8')));
    await until(() => expect(session !== null && isAlive(session)).toBe(false));
  });

  it('ends it when it prints too much', async () => {
    expect(await failure('command:yes planted-value')).toMatchObject({
      message: 'command "yes" gave no secret: it printed more than 65536 bytes',
    });
  });

  it.each([
    ["command:sh -c 'echo planted-value; echo planted-value >&2; exit 3'", 'ended with code 3'],
    ["command:sh -c 'kill -9 $$'", 'ended by SIGKILL'],
    ['command:/nonexistent/program', 'cannot be started: there is no such program'],
    ['command:true', 'is empty'],
  ])('fails without a word of the output: %s', async (reference, why) => {
    const error = await failure(reference);
    expect(error.code).toBe('ERR_SECRET_UNAVAILABLE');
    expect(error.message).toContain(why);
  });

  it('does not reject when the system refuses to start it', async () => {
    const options = { env: {}, timeout: 1_000, largest: 10 };
    expect(await runForSecret('/bin/echo', ['x'.repeat(4_000_000)], options)).toEqual({
      outcome: 'failed',
      why: 'it cannot be started: E2BIG',
    });
  });
});

describe('createSecretResolver', () => {
  it('refuses a literal without repeating it', async () => {
    expect((await failure(planted)).code).toBe('ERR_CONFIG');
  });

  it('tells of each secret that it read, and keeps none', async () => {
    const place = file('old');
    const seen: string[] = [];
    const read = createSecretResolver({
      env: {},
      keychain,
      onSecret: (secret) => seen.push(secret.reveal()),
    });
    await read(`file:${place}`);
    writeFileSync(place, 'new');
    await read(`file:${place}`);
    expect(seen).toEqual(['old', 'new']);
  });
});
