// A hundred callers at once: one question, one login, one session per role between; and one message when it is over.

import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type RunningBroker, startBroker } from '../../src/broker/start.ts';
import type { Client } from '../../src/client/client.ts';
import type { ElevateReply, ElevateRequest } from '../../src/protocol/routes.ts';
import { code, createMfaUser, device, type MfaUser } from '../support/mfa-user.ts';
import { sendRaw } from '../support/raw-http.ts';
import { wish } from '../support/request.ts';
import { until } from '../support/until.ts';

const crowd = 100;
const minute = 60_000;

let user: MfaUser;
let running: RunningBroker;
beforeEach(async () => {
  user = await createMfaUser();
  const started = await startBroker(user.world.paths, {});
  if (started === null) throw new Error('another broker runs');
  running = started;
});
afterEach(async () => {
  vi.restoreAllMocks();
  await running.stop('the end of a test');
  await user.world.remove();
  await user.aws.close();
});

const connect = (): Promise<Client> => user.world.client({ start: false });
const log = (): string => readFileSync(user.world.paths.log, 'utf8');
const assumed = (role: string) =>
  user.aws.calls.filter(
    ({ action, params }) => action === 'AssumeRole' && params.get('RoleArn')?.endsWith(`/${role}`),
  );
const events = async (): Promise<unknown[]> => {
  const wanted = { grant: null, target: null, principal: null, since: null, until: null, limit: null };
  const { events: found } = await (await connect()).audit(wanted);
  return found.map(({ body }) => body['type']);
};

/** Time passes for the broker, for AWS and for signatures alike. */
function pass(duration: number): void {
  const { now } = Date;
  const start = now();
  vi.spyOn(Date, 'now').mockImplementation(() => Math.max(now.call(Date), start) + duration);
}

const onProd = (changes: Partial<ElevateRequest> = {}): ElevateRequest =>
  wish({ target: 'aws-prod', role: 'deploy', ...changes });

let channels = 0;

/** As the command line on a terminal: elevates, and answers what it is asked; the questions go to `questions`. */
async function atTerminal(questions: string[], answers: string[] = []): Promise<ElevateReply> {
  channels += 1;
  const channel = `the-channel-of-person-${channels}`;
  const [client, asking] = [await connect(), await connect()];
  let isOver = false;
  const elevating = client.elevate(onProd({ interactive: true, channel })).finally(() => {
    isOver = true;
  });
  const answering = until(async () => {
    while (!isOver) {
      const { question } = await asking.question({ channel, timeout: 20_000 }).catch((thrown: unknown) => {
        // Not there yet, or over.
        if (isOver) return { question: null };
        throw thrown;
      });
      if (question === null) continue;
      questions.push(question.text);
      await asking.answer({ channel, question: question.id, answer: answers.shift() ?? code });
    }
  });
  const [reply] = await Promise.all([elevating, answering]);
  return reply;
}

const failureOf = (work: Promise<unknown>): Promise<{ code: string; message: string; hint: string }> =>
  work.then(
    () => {
      throw new Error('it did not fail');
    },
    (thrown) => thrown,
  );

describe(`of ${crowd} people at once`, () => {
  test('one is asked for a code, one login is made, one session of the role between, and a session for each', async () => {
    const questions: string[] = [];
    const replies = await Promise.all(Array.from({ length: crowd }, () => atTerminal(questions)));
    expect(questions).toEqual([`MFA code of ${device} for aws-prod`]);
    expect(user.aws.count('GetSessionToken')).toBe(1);
    expect(assumed('jit-hub')).toHaveLength(1);
    // What can be taken back one by one has to be told apart by AWS: a session per lease. A machine that is busy may
    // ask for one of them again.
    const names = replies.flatMap(({ grant }) => grant.leases.map(({ name }) => name));
    expect(new Set(names).size).toBe(crowd);
    const sessions = assumed('jit-deploy').map(({ params }) => params.get('RoleSessionName'));
    expect(new Set(sessions)).toEqual(new Set(names));
    expect(log()).not.toContain(code);
    expect(JSON.stringify(await events())).not.toContain(code);
  }, 60_000);

  test('each gets the same message when the access key has expired, AWS is asked once, and nothing is recorded', async () => {
    const { account } = user.aws;
    const { arn, userid, policies } = user.broker;
    const over = { arn, userid, policies, token: 'a session', expiration: Date.now() - minute };
    user.useKey(account.add(over, 'ASIA'));
    const clients = await Promise.all(Array.from({ length: crowd }, connect));
    const look = wish({ target: 'aws-plain', role: 'look' });
    const failures = await Promise.all(clients.map((client) => failureOf(client.elevate(look))));
    expect(new Set(failures.map((one) => `${one.code} ${one.message} (${one.hint})`))).toEqual(
      new Set([
        'ERR_SECRET_UNAVAILABLE cannot log in: the broker\'s own credentials for target "aws-plain" are not valid: ' +
          'ExpiredToken: The security token included in the request is expired ' +
          '(renew the access key where credentials of target "aws-plain" points to (file:…))',
      ]),
    );
    expect(user.aws.calls.map(({ action }) => action)).toEqual(['GetCallerIdentity']);
    expect(log().match(/cannot prepare aws-plain:look/g)).toHaveLength(1);
    expect(await events()).not.toContain('grant.requested');
    user.useKey(user.broker);
    const again = await until(async () => (await connect()).elevate(look));
    expect(again.grant.state).toBe('active');
  }, 60_000);
});

describe('the MFA session', () => {
  test('serves those who have no terminal, for as long as it lasts, and is then asked for again', async () => {
    const questions: string[] = [];
    await atTerminal(questions);
    expect((await (await connect()).elevate(onProd())).grant.state).toBe('active');
    pass(12 * 60 * minute);
    const before = user.aws.calls.length;
    const failure = await failureOf((await connect()).elevate(onProd()));
    expect(failure).toMatchObject({
      code: 'ERR_SECRET_UNAVAILABLE',
      hint: expect.stringMatching(/jit elevate aws-prod; elsewhere set mfa_process/),
    });
    expect(user.aws.calls).toHaveLength(before);
    await atTerminal(questions);
    expect(questions).toHaveLength(2);
    expect(user.aws.count('GetSessionToken')).toBe(2);
  });

  test('is asked for again when the code was wrong, three times in all, and nothing is kept of that', async () => {
    const questions: string[] = [];
    expect((await atTerminal(questions, ['000000', 'a word'])).grant.state).toBe('active');
    expect(questions).toHaveLength(3);
    expect(questions[1]).toContain('was not taken');
    // What is no code is not sent.
    expect(questions[2]).toContain('six digits');
    expect(user.aws.count('GetSessionToken')).toBe(2);
  });

  test('fails with one clear message after three wrong codes', async () => {
    const questions: string[] = [];
    const failure = await failureOf(atTerminal(questions, ['000000', '000001', '000002']));
    expect(failure).toMatchObject({
      code: 'ERR_SECRET_UNAVAILABLE',
      message: 'AWS of target "aws-prod" does not take the MFA code',
      hint: `wait for the next code of ${device}, then: jit elevate aws-prod`,
    });
    expect(questions).toHaveLength(3);
    expect(await events()).not.toContain('grant.requested');
    expect((await atTerminal(questions)).grant.state).toBe('active');
    expect(questions).toHaveLength(4);
  });
});

describe(`${crowd} requests at once at the endpoint of a grant`, () => {
  async function openEndpoint(): Promise<() => Promise<string[]>> {
    const look = wish({ target: 'aws-plain', role: 'look', duration: 60 * minute });
    const { env } = await (await connect()).elevate(look);
    const url = new URL(env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? '');
    const token = readFileSync(env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'] ?? '', 'latin1');
    const lines = [`GET ${url.pathname} HTTP/1.1`, `Host: ${url.host}`, `Authorization: ${token}`];
    const place = { port: Number(url.port), host: '127.0.0.1' };
    const one = async (): Promise<string> => {
      const { status, body } = await sendRaw(place, [...lines, '', ''].join('\r\n'));
      return `${status} ${JSON.parse(body).AccessKeyId}`;
    };
    return () => Promise.all(Array.from({ length: crowd }, one));
  }

  test('make one session when a refresh is due', async () => {
    const ask = await openEndpoint();
    const [first] = await ask();
    expect(assumed('jit-look')).toHaveLength(1);
    pass(11 * minute);
    const answers = await ask();
    expect(answers.every((answer) => answer.startsWith('200 '))).toBe(true);
    await until(async () => expect(new Set(await ask()).has(first ?? '')).toBe(false));
    expect(assumed('jit-look')).toHaveLength(2);
  }, 60_000);

  test('try once when the refresh is refused, and are served what there is', async () => {
    const ask = await openEndpoint();
    const [first] = await ask();
    user.aws.account.roles.delete('jit-look');
    // Time stands still, so that no second attempt is due while the machine is busy.
    const later = Date.now() + 11 * minute;
    vi.spyOn(Date, 'now').mockReturnValue(later);
    expect(new Set([...(await ask()), ...(await ask())])).toEqual(new Set([first]));
    await until(() => expect(log()).toContain('is not refreshed'));
    await ask();
    expect(assumed('jit-look')).toHaveLength(2);
    expect(log().match(/is not refreshed/g)).toHaveLength(1);
  }, 60_000);
});
