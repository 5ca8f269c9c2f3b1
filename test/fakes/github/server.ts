// A fake GitHub on a loopback port: checks the App's JWT, gives tokens that do what they say, fails on demand, and keeps a
// ledger of what it really made.

import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../../src/system/clock.ts';
import { answerOf } from './routes.ts';
import { Account, Refusal } from './state.ts';

/**
 * `slow`: answers after `delay`. `internal`: a 500 of GitHub's. `gateway`: a 502 in HTML. `limit`: the secondary rate limit
 * with `retry-after` of `delay`. `exhausted`: the hourly limit. `forbidden`: a plain 403. `moved`: a redirect. `reset`: the
 * connection breaks before anything is done. After the thing was done: `malformed` (half of the JSON), `lost` (the
 * connection breaks), `hang` (no answer ever).
 */
export type FaultKind =
  | 'slow'
  | 'internal'
  | 'gateway'
  | 'limit'
  | 'exhausted'
  | 'forbidden'
  | 'moved'
  | 'reset'
  | 'malformed'
  | 'lost'
  | 'hang';

export interface Fault {
  /** As in GitHub's reference: `POST access_tokens`, `DELETE token`; method and the last part of the path. */
  readonly on: string;
  readonly kind: FaultKind;
  /** How many calls it hits; default 1. */
  readonly times?: number;
  /** Milliseconds. */
  readonly delay?: number;
}

/** One request that came in, as far as it is no secret. */
export interface Call {
  readonly on: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** The status, or the fault. */
  outcome: string;
}

export interface FakeGithub {
  readonly url: string;
  readonly account: Account;
  readonly calls: readonly Call[];
  /** Difference of the server's clock, as JWTs and the Date header see it. */
  skew: number;
  /** How far time was moved by `advance`. */
  readonly offset: number;
  fault(fault: Fault): void;
  /** Time passes. */
  advance(duration: number): void;
  count(on: string): number;
  close(): Promise<void>;
}

export async function startFakeGithub(): Promise<FakeGithub> {
  const calls: Call[] = [];
  const faults: { fault: Fault; left: number }[] = [];
  let [skew, offset] = [0, 0];
  const now = (): number => systemClock.now() + offset + skew;
  const account = new Account(now);

  const server = http.createServer(async (request, response) => {
    // A server of one's own has its API below a path.
    const url = new URL((request.url ?? '/').replace(/^\/api\/v3/, ''), 'http://fake');
    const on = `${request.method} ${url.pathname.split('/').at(-1)}`;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const body = text === '' ? {} : JSON.parse(text);
    const call: Call = { on, path: url.pathname + url.search, body, outcome: '' };
    calls.push(call);
    const hit = faults.find((one) => one.fault.on === on && one.left > 0);
    if (hit) hit.left -= 1;
    const kind = hit?.fault.kind;
    if (kind) call.outcome = kind;
    const send = (status: number, data: unknown, headers: Record<string, string> = {}): void => {
      call.outcome ||= String(status);
      const json = data === null ? '' : JSON.stringify(data);
      response.writeHead(status, {
        'content-type': 'application/json; charset=utf-8',
        date: new Date(now()).toUTCString(),
        ...headers,
      });
      response.end(kind === 'malformed' ? json.slice(0, json.length / 2) : json);
    };
    switch (kind) {
      case 'reset':
        return void request.socket.destroy();
      case 'internal':
        return send(500, { message: 'Server Error' });
      case 'gateway':
        return send(502, '<html>Bad Gateway</html>', { 'content-type': 'text/html' });
      case 'forbidden':
        return send(403, { message: 'Resource not accessible by integration' });
      case 'moved':
        return send(301, { message: 'Moved Permanently' }, { location: `${url.pathname}/elsewhere` });
      case 'limit': {
        const seconds = String((hit?.fault.delay ?? 1_000) / 1000);
        return send(
          403,
          { message: 'You have exceeded a secondary rate limit.' },
          { 'retry-after': seconds },
        );
      }
      case 'exhausted': {
        const reset = String(Math.floor(now() / 1000) + 1_800);
        const limits = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset };
        return send(403, { message: 'API rate limit exceeded for installation.' }, limits);
      }
      case 'slow':
        await new Promise<void>((resolve) => systemClock.after(hit?.fault.delay ?? 0, resolve));
        break;
      default:
    }
    try {
      const { status, data } = answerOf(
        account,
        request.method ?? '',
        url,
        request.headers.authorization ?? '',
        body,
      );
      if (kind === 'lost') return void request.socket.destroy();
      if (kind === 'hang') return;
      send(status, data, { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '4999' });
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      send(thrown.status, { message: thrown.message, documentation_url: 'https://docs.github.com/rest' });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  account.users.at(address);
  return {
    url: address,
    account,
    calls,
    get skew() {
      return skew;
    },
    set skew(value) {
      skew = value;
    },
    get offset() {
      return offset;
    },
    fault: (fault) => void faults.push({ fault, left: fault.times ?? 1 }),
    advance(duration) {
      offset += duration;
    },
    count: (on) => calls.filter((call) => call.on === on).length,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
