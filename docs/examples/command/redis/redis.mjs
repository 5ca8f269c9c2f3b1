// What the four programs share: reading the request, speaking RESP with the server, answering. No dependencies.
// Connects to options.host and options.port, or to options.socket; logs in as REDIS_ADMIN with REDIS_ADMIN_PASSWORD.

import { readFileSync } from 'node:fs';
import net from 'node:net';

/** The server said no. */
export class Refused extends Error {}

/** What jit asks for. */
export function readRequest() {
  const request = JSON.parse(readFileSync(0, 'utf8'));
  if (request.version !== 1) throw new Refused(`version ${request.version} is not known here`);
  return request;
}

export function answer(value) {
  process.stdout.write(`${JSON.stringify({ version: 1, ...value })}\n`);
}

/** Says why nothing was made: exit code 3 means exactly that. */
export function refuse(error) {
  answer({ error });
  process.exitCode = 3;
}

/** Runs `work` with a function that sends one command and answers its reply. */
export async function withServer({ host = '127.0.0.1', port = 6379, socket }, work) {
  const connection = socket ? net.connect(socket) : net.connect(port, host);
  const waiting = [];
  let received = Buffer.alloc(0);
  const fail = (error) => {
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  connection.on('error', fail);
  connection.on('close', () => fail(new Error('the server closed the connection')));
  connection.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    for (let read = parse(received, 0); read !== null; read = parse(received, 0)) {
      received = received.subarray(read.end);
      const { resolve, reject } = waiting.shift() ?? {};
      if (read.value instanceof Error) reject?.(read.value);
      else resolve?.(read.value);
    }
  });
  const send = (...words) =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      const parts = words.map((word) => `$${Buffer.byteLength(`${word}`)}\r\n${word}\r\n`);
      connection.write(`*${words.length}\r\n${parts.join('')}`);
    });
  try {
    await send('AUTH', process.env.REDIS_ADMIN ?? 'default', process.env.REDIS_ADMIN_PASSWORD ?? '');
    return await work(send);
  } finally {
    connection.destroy();
  }
}

/** One reply of RESP2 from `start`: its value and where it ends; null when it is not all there yet. */
function parse(bytes, start) {
  const line = bytes.indexOf('\r\n', start);
  if (line < 0) return null;
  const head = bytes.toString('utf8', start + 1, line);
  let end = line + 2;
  switch (String.fromCharCode(bytes[start])) {
    case '+':
      return { value: head, end };
    case '-':
      return { value: new Refused(head), end };
    case ':':
      return { value: Number(head), end };
    case '$': {
      if (head === '-1') return { value: null, end };
      const last = end + Number(head);
      return bytes.length < last + 2 ? null : { value: bytes.toString('utf8', end, last), end: last + 2 };
    }
    case '*': {
      if (head === '-1') return { value: null, end };
      const value = [];
      for (let left = Number(head); left > 0; left -= 1) {
        const one = parse(bytes, end);
        if (one === null) return null;
        value.push(one.value);
        end = one.end;
      }
      return { value, end };
    }
    default:
      throw new Error('the server does not speak RESP');
  }
}
