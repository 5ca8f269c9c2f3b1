// A form sent over HTTP, and its answer. Not by fetch, which alone is as large as an idle broker. Follows no redirect.

import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';

/** What was answered. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** No answer that is meant is longer, in bytes. */
const largest = 65_536;

/** Rejects with what Node throws, when there is no answer, or one that is too long. */
export function postForm(url: string, form: URLSearchParams, signal: AbortSignal): Promise<Answer> {
  const body = Buffer.from(form.toString());
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': body.length,
    accept: 'application/json',
  };
  const send = url.startsWith('https:') ? tlsRequest : plainRequest;
  return new Promise((resolve, reject) => {
    const sent = send(url, { method: 'POST', headers, signal, agent: false }, (response) => {
      read(response).then(resolve, reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

async function read(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > largest) throw new RangeError('the answer is too long');
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() };
}
