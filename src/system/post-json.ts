// Sends JSON to a web server whose URL is a secret. Not by fetch, which alone is as large as an idle broker. Follows no
// redirect, keeps nothing of the answer, and tells the URL to nobody.

import { type ErrorCode, JitError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import { errnoOf } from './errno.ts';

/** What is known to be worth another try: no answer, or one of these. */
const passing = new Set([408, 425, 429]);

/**
 * POSTs `body`; settles when the server has taken it.
 * @throws JitError `ERR_TARGET_UNREACHABLE` when another try may help, `ERR_TARGET_REFUSED` when not
 */
export function postJson(url: Secret, body: unknown, signal: AbortSignal): Promise<void> {
  const text = Buffer.from(JSON.stringify(body));
  const { request } = url.reveal().startsWith('https:')
    ? process.getBuiltinModule('node:https')
    : process.getBuiltinModule('node:http');
  const headers = { 'content-type': 'application/json', 'content-length': text.length, accept: '*/*' };
  return new Promise((resolve, reject) => {
    const fail = (code: ErrorCode, why: string): void => reject(new JitError(code, `cannot send it: ${why}`));
    // What the system throws may hold the host, and Node's parser the URL: codes are all that is told.
    const lost = (thrown: unknown): void =>
      fail('ERR_TARGET_UNREACHABLE', signal.aborted ? 'no answer in time' : errnoOf(thrown));
    try {
      const call = request(url.reveal(), { method: 'POST', headers, signal, agent: false }, (response) => {
        const status = response.statusCode ?? 0;
        response.on('error', () => undefined);
        response.resume();
        if (status >= 200 && status < 300) resolve();
        else if (status >= 500 || passing.has(status))
          fail('ERR_TARGET_UNREACHABLE', `the server answered ${status}`);
        else fail('ERR_TARGET_REFUSED', `the server answered ${status}`);
        call.destroy();
      });
      call.on('error', lost);
      call.end(text);
    } catch (thrown) {
      lost(thrown);
    }
  });
}
