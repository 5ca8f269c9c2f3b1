// Alerts to a real web server and to a real program.

import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type SendTools, sendAlert } from '../../../src/broker/alerts/send.ts';
import type { Alert, AlertChannel } from '../../../src/core/alert.ts';
import { JitError } from '../../../src/core/errors.ts';
import { Secret } from '../../../src/core/secret.ts';

const alert: Alert = {
  type: 'anomaly.found',
  severity: 'high',
  text: 'user:ada got fake-db:read 4 times <!channel> & more',
  see: 'jit audit log --grant g1',
  at: Date.UTC(2026, 10, 22, 12),
  event: 'jit.x:41',
  rule: 'activation-burst',
  principal: 'user:ada',
  target: 'fake-db',
  grant: 'g1',
  lease: null,
  late: false,
};

interface Got {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly type: string | undefined;
  readonly body: string;
}

let server: http.Server;
let got: Got[];
let status: number;
let dir: string;
let learnt: string[];
const folders: string[] = [];
beforeEach(async () => {
  got = [];
  status = 200;
  learnt = [];
  dir = mkdtempSync(path.join(os.tmpdir(), 'jit-alert-'));
  folders.push(dir);
  server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method, url, headers } = request;
    got.push({ method, url, type: headers['content-type'], body: Buffer.concat(chunks).toString() });
    response.writeHead(status, { location: '/elsewhere' }).end('x'.repeat(100));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const secretPath = '/services/T0/B0/planted-webhook-secret';
const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}${secretPath}`;
const tools = (): SendTools => ({
  resolveSecret: async (reference) => {
    if (reference === 'env:HOOK') return new Secret(url());
    throw new JitError('ERR_SECRET_UNAVAILABLE', 'there is none');
  },
  onSecret: (secret) => learnt.push(secret.reveal()),
  env: { PATH: `${dir}:/usr/bin:/bin`, AWS_SECRET_ACCESS_KEY: 'not-for-others' },
  platform: 'linux',
});
const send = (channel: AlertChannel, signal = new AbortController().signal) =>
  sendAlert(channel, alert, tools(), signal);
const hook = (changes: Partial<Extract<AlertChannel, { kind: 'webhook' }>> = {}): AlertChannel => ({
  kind: 'webhook',
  name: 'webhook-1',
  url: 'env:HOOK',
  format: 'slack',
  ...changes,
});

describe('a webhook', () => {
  test('gets what Slack reads: text and blocks, in which nothing of others is markup', async () => {
    await send(hook());
    expect(got).toMatchObject([{ method: 'POST', url: secretPath, type: 'application/json' }]);
    const body = JSON.parse(got[0]?.body ?? '');
    expect(body.text).toContain('&lt;!channel&gt; &amp; more');
    expect(body.blocks.map(({ type }: { type: string }) => type)).toEqual(['section', 'context']);
    expect(got[0]?.body).not.toContain('<!channel>');
    expect(body.blocks[1].elements[0].text).toContain('grant g1');
  });

  test('nobody is called by names that the text only holds, and no link is made of it', async () => {
    const text = 'job:ci@channel got it for @here and @all, see <https://evil.example|here> #general';
    await sendAlert(
      hook(),
      { ...alert, text, principal: 'job:x/@everyone' },
      tools(),
      new AbortController().signal,
    );
    const body = JSON.parse(got[0]?.body ?? '');
    expect(got[0]?.body).not.toMatch(/@(channel|here|all|everyone)/);
    expect(got[0]?.body).not.toContain('<https');
    const [{ text: section }, { elements }] = body.blocks;
    expect([section.verbatim, elements[0].verbatim]).toEqual([true, true]);
  });

  test('of format json gets the alert as it is', async () => {
    await send(hook({ url: url(), format: 'json' }));
    expect(JSON.parse(got[0]?.body ?? '')).toMatchObject({
      version: 1,
      rule: 'activation-burst',
      at: '2026-11-22T12:00:00.000Z',
    });
  });

  test('has a URL that the log filter learns, and that no error tells', async () => {
    status = 500;
    const error = await send(hook()).catch((thrown: JitError) => thrown);
    expect(error).toMatchObject({ code: 'ERR_TARGET_UNREACHABLE' });
    expect(learnt).toEqual([url()]);
    expect(`${(error as JitError).message} ${String((error as JitError).cause)}`).not.toMatch(/planted|127/);
  });

  test.each([
    [503, 'ERR_TARGET_UNREACHABLE'],
    [429, 'ERR_TARGET_UNREACHABLE'],
    [404, 'ERR_TARGET_REFUSED'],
    [302, 'ERR_TARGET_REFUSED'],
  ] as const)('that answers %i is %s, and is not followed elsewhere', async (answer, code) => {
    status = answer;
    await expect(send(hook())).rejects.toMatchObject({ code });
    expect(got).toHaveLength(1);
  });

  test('that nobody serves is unreachable; one whose secret is missing or no URL is told apart', async () => {
    const gone = url();
    server.close();
    await once(server, 'close');
    const error = await send(hook({ url: gone })).catch((thrown: JitError) => thrown);
    expect(error).toMatchObject({ code: 'ERR_TARGET_UNREACHABLE' });
    expect((error as JitError).message).not.toContain('planted');
    await expect(send(hook({ url: 'env:OTHER' }))).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
    await expect(send(hook({ url: 'http://example.com/x' }))).rejects.toMatchObject({
      code: 'ERR_SECRET_UNAVAILABLE',
    });
  });

  test('that never answers is given up when the broker ends', async () => {
    server.removeAllListeners('request');
    const ending = new AbortController();
    const sending = send(hook(), ending.signal);
    ending.abort();
    await expect(sending).rejects.toMatchObject({ code: 'ERR_TARGET_UNREACHABLE' });
  });
});

function program(name: string, text: string): string {
  const file = path.join(dir, name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

describe('a command', () => {
  test('gets the alert as one line of JSON on stdin, and neither in its words nor the broker’s secrets', async () => {
    const file = program('page', `{ cat; echo "$*"; env; } > ${dir}/out`);
    await send({ kind: 'command', name: 'command-1', argv: [file, '--team', 'platform'] });
    const [line = '', words = '', ...env] = readFileSync(path.join(dir, 'out'), 'utf8').split('\n');
    expect(JSON.parse(line)).toMatchObject({ text: alert.text, grant: 'g1', version: 1 });
    expect(words).toBe('--team platform');
    expect(env.join('\n')).not.toContain('not-for-others');
  });

  test('that fails may be tried again, one that is not there may not', async () => {
    const failing = program('failing', 'exit 3');
    await expect(send({ kind: 'command', name: 'c', argv: [failing] })).rejects.toMatchObject({
      code: 'ERR_TARGET_UNREACHABLE',
    });
    await expect(send({ kind: 'command', name: 'c', argv: ['/no/such/program'] })).rejects.toMatchObject({
      code: 'ERR_UNSUPPORTED',
    });
  });
});

test('a command that prints without end is not run again: it may have told people already', async () => {
  const file = program('chatty', 'cat > /dev/null; yes');
  await expect(send({ kind: 'command', name: 'c', argv: [file] })).rejects.toMatchObject({
    code: 'ERR_UNSUPPORTED',
  });
});

test('the desktop is shown a backslash as one: notify-send would make other characters of it', async () => {
  program('notify-send', `printf '%s\\n' "$@" > ${dir}/shown`);
  const channel = { kind: 'desktop', name: 'desktop-1' } as const;
  const text = 'user:corp\\new got it \\074b\\076';
  await sendAlert(channel, { ...alert, text }, tools(), new AbortController().signal);
  expect(readFileSync(path.join(dir, 'shown'), 'utf8')).toContain('user:corp\\\\new got it \\\\074b\\\\076');
});

test('the desktop is told by notify-send, with no markup of others', async () => {
  program('notify-send', `printf '%s\\n' "$@" > ${dir}/shown`);
  await send({ kind: 'desktop', name: 'desktop-1' });
  const shown = readFileSync(path.join(dir, 'shown'), 'utf8').split('\n');
  expect(shown).toContain('--urgency=critical');
  expect(shown).toContain('jit: high');
  expect(shown.join('\n')).toContain('&lt;!channel> &amp; more');
});
