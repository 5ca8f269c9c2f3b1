// JSON from a web server. Not by fetch, which alone is as large as an idle broker. Follows no redirect.

import type { IncomingMessage } from 'node:http';

/** What was answered. */
export interface JsonAnswer {
  readonly status: number;
  /** undefined: the body is no JSON. */
  readonly value: unknown;
}

/** No answer that is meant is longer, in bytes. */
const largest = 512 * 1024;

/** True for https, and for http that does not leave this machine. */
export function isSafeUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return (
    protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname))
  );
}

/** Rejects with what Node throws when there is no answer, or one that is too long. */
export function getJson(
  url: string,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<JsonAnswer> {
  // Loaded at its use: few commands need it.
  const { get } = url.startsWith('https:')
    ? process.getBuiltinModule('node:https')
    : process.getBuiltinModule('node:http');
  return new Promise((resolve, reject) => {
    const options = { headers: { accept: 'application/json', ...headers }, signal, agent: false } as const;
    get(url, options, (response) => read(response).then(resolve, reject)).on('error', reject);
  });
}

async function read(response: IncomingMessage): Promise<JsonAnswer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > largest) throw new RangeError('the answer is too long');
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, value: parse(Buffer.concat(chunks).toString()) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
