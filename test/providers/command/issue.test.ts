// Programs that do what they should, and programs that do not. Whatever happens, the ledger is empty after the revocation that
// the broker makes of it.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { JitError } from '../../../src/core/errors.ts';
import type { CommandHandle } from '../../../src/providers/command/index.ts';
import { listen } from '../../support/aws-target.ts';
import { type CommandWorld, commandWorld, madeSecret, programToken } from '../../support/command-target.ts';
import { processesMentioning } from '../../support/processes.ts';
import { until } from '../../support/until.ts';

const signal = () => AbortSignal.timeout(20_000);

/** As the broker does it. */
async function takeBack({ provider }: CommandWorld, handle: CommandHandle) {
  const told = listen();
  await provider.revoke(handle, 'issue-failed', told.report, signal());
  return { presence: await provider.confirm(handle, signal()), told };
}

async function failure(call: Promise<unknown>): Promise<JitError> {
  const thrown = await call.then(
    () => expect.unreachable('nothing was thrown'),
    (error: unknown) => error,
  );
  if (!(thrown instanceof JitError)) throw thrown;
  const all = `${thrown.message} ${thrown.hint} ${String(thrown.cause)}`;
  expect(all).not.toContain(madeSecret);
  expect(all).not.toContain(programToken);
  expect(thrown.message.length).toBeLessThan(500);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  expect(thrown.message).not.toMatch(/[\u0000-\u001f\u007f]/);
  return thrown;
}

describe('a program that does what it should', () => {
  test('is told everything by stdin, gives a credential by reference, and takes it back by name', async () => {
    const world = commandWorld();
    const issued = await world.issue();
    const { name } = world.planned();
    expect(name).toMatch(/^jit-[0-9a-f]{6}-l[0-9a-z]{15}$/);
    expect(world.live()).toEqual([name]);
    const told = JSON.parse(readFileSync(path.join(world.ledger, 'live', name), 'utf8'));
    expect(told).toMatchObject({
      version: 1,
      action: 'issue',
      principal: 'user:alice',
      reason: "a $(touch /tmp/x) '; reason\n",
      options: { ledger: world.ledger, shared: 'role', level: 1 },
    });
    expect(issued.expiresAt).toBe(Date.parse(told.not_after));
    const { env, files, unset, exports } = issued.handOut;
    expect(env).toEqual({ VAULT_USER: name });
    expect(files.map((file) => [file.variable, file.content.reveal()])).toEqual([
      ['VAULT_PASSWORD_FILE', madeSecret],
    ]);
    expect(unset).toEqual(['VAULT_PASSWORD']);
    expect(exports.env?.VAULT_PASSWORD?.reveal()).toBe(madeSecret);
    expect(JSON.stringify(issued.handle)).not.toContain(madeSecret);
    expect(await world.provider.confirm(issued.handle, signal())).toBe('alive');
    expect((await takeBack(world, issued.handle)).presence).toBe('gone');
    expect(world.live()).toEqual([]);
    const asked = JSON.parse(readFileSync(path.join(world.ledger, 'last-revoke.json'), 'utf8'));
    expect(asked).toMatchObject({ name, handle: { id: 7 }, target: 'box' });
  });

  test('may leave something behind that holds its output: that is ended, and its answer counts', async () => {
    const world = commandWorld();
    const issued = await world.issue('child-keeps-stdout');
    expect(issued.handOut.env).toEqual({ VAULT_USER: world.planned().name });
    await until(async () => expect(await processesMentioning(world.ledger)).toEqual([]));
  });

  test('may say as much on stderr as it likes', async () => {
    const world = commandWorld();
    expect((await world.issue('flood-stderr')).handOut.env).toEqual({ VAULT_USER: world.planned().name });
  });

  test('is known by what the scope says, over the role, over the target', () => {
    const world = commandWorld();
    const { handle } = world.provider.plan(world.request({ scope: 'narrow' }));
    expect(handle.options).toEqual({ ledger: world.ledger, shared: 'role', level: 0 });
  });
});

describe('a program that may have made something', () => {
  const faults: [fault: string, words: RegExp, options?: Record<string, unknown>][] = [
    ['hang', /gave no answer within 6s and was ended/, { timeout: '6s' }],
    ['hang-with-child', /gave no answer within 6s/, { timeout: '6s' }],
    ['garbage', /that can be read: it is not JSON/],
    ['empty', /it is empty/],
    ['flood', /printed more than 65536 bytes/],
    ['exit-1', /ended with code 1/],
    ['exit-1-after-answer', /ended with code 1/],
    ['exit-3-alone', /ended with code 3/],
    ['killed', /was ended by SIGKILL/],
    ['non-utf8', /it is not UTF-8/],
    ['deep', /nested more than 32 deep/],
    ['duplicate', /a key appears twice/],
    ['unknown-key', /not as agreed/],
    ['steering', /"env".*name of a variable/],
    ['outside-file', /"files\.0\.name"/],
    ['secret-in-handle', /a secret is also in "env" or "handle"/],
    ['too-long-lived', /"expires_at" is after/],
    ['over', /"expires_at" is over/],
    ['endless', /gives no "expires_at"/],
  ];
  test.each(faults)(
    '%s: is ended, told in words, and revoked by name',
    async (fault, words, options = {}) => {
      const world = commandWorld(options);
      const error = await failure(world.issue(fault));
      expect(error.code).toBe('ERR_REVOKE_INCOMPLETE');
      expect(error.message).toMatch(words);
      expect(error.message).toMatch(
        /^the issue program of target "box" .*: what it may have made is being taken back$/,
      );
      expect(world.live()).toEqual([world.planned().name]);
      const { presence, told } = await takeBack(world, world.planned());
      expect(presence).toBe('gone');
      expect(told.steps.map(({ name }) => name)).toEqual(['undisclosed', 'taken-back']);
      expect(world.live()).toEqual([]);
      await until(async () => expect(await processesMentioning(world.ledger)).toEqual([]));
    },
  );

  test('has what it said on stderr kept for the log, without secrets', async () => {
    const world = commandWorld();
    const error = await failure(world.issue('exit-1-after-answer'));
    expect(error.cause).toBe(`it said on stderr: made ${world.planned().name} with [secret]`);
  });

  test('is ended when the call is given up', async () => {
    const world = commandWorld({ timeout: '20s' });
    const controller = new AbortController();
    world.setFault('issue', 'hang');
    const wanted = world.request();
    const { handle } = world.provider.plan(wanted);
    const call = world.provider.issue(handle, wanted, controller.signal);
    const failed = failure(call);
    await until(() => expect(world.live()).toHaveLength(1));
    controller.abort();
    expect((await failed).message).toMatch(/was ended before it answered/);
  });
});

describe('nothing was made', () => {
  test('when the program says so, with exit code 3 and a reason that is shown clean and short', async () => {
    const world = commandWorld();
    const error = await failure(world.issue('refuse'));
    expect(error.code).toBe('ERR_TARGET_REFUSED');
    expect(error.message).toMatch(/refused: no more room \[31m for \[secret\] !+…$/);
    expect(world.live()).toEqual([]);
  });

  test.each([
    ['a program that is not there', { issue: ['/nowhere/at/all'] }, 'ERR_TARGET_REFUSED'],
    ['a program that is a folder', { issue: ['/usr'] }, 'ERR_TARGET_REFUSED'],
    ['a program that is on no fixed path', { issue: ['jit-surely-not-there'] }, 'ERR_TARGET_REFUSED'],
    ['a secret that is not there', { env: { A_TOKEN: 'env:NOT_THERE' } }, 'ERR_SECRET_UNAVAILABLE'],
  ])('with %s', async (_what, options, code) => {
    const world = commandWorld(options);
    expect((await failure(world.issue())).code).toBe(code);
    expect(world.live()).toEqual([]);
  });
});

test('a target that ends nothing by itself may give no end, and says so beforehand', async () => {
  const world = commandWorld({ ends_by_itself: false });
  const wanted = world.request();
  const { preview, hardDeadline } = world.provider.plan(wanted);
  expect(preview.join('\n')).toContain('the target does not end it by itself');
  expect(hardDeadline).toBe(wanted.deadline);
  expect((await world.issue('endless')).expiresAt).toBe(world.planned().deadline);
});

test('a target that gives no less than an hour may, where the config says so', async () => {
  const world = commandWorld({ max_lifetime: '1h' });
  const wanted = world.request();
  const { preview, hardDeadline } = world.provider.plan(wanted);
  expect(hardDeadline).toBe(wanted.now + 3_600_000);
  expect(preview.join('\n')).toContain('may end it only after 1h: it is taken back at the deadline');
});
