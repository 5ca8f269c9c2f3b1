// Reads one reply off a connection: status, length, body. RFC 9112, as far as a peer of our own may go:
// the broker answers HTTP/1.0 requests without chunks, and closes.

import type { Socket } from 'node:net';
import { protocolError, unreachable } from './reply-error.ts';

/** A reply as it came. */
export interface Reply {
  readonly status: number;
  readonly body: string;
  /** False when the connection ended before the body did. */
  readonly isWhole: boolean;
}

/** Largest reply in bytes, head included. */
const largest = 8 * 1024 * 1024;

/**
 * Everything until the peer closes, or until a first piece that is all of it.
 * @throws JitError `ERR_BROKER_UNREACHABLE` when the connection fails, `ERR_PROTOCOL` when what comes is no reply
 */
export function readReply(socket: Socket): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (): void => {
      try {
        resolve(parseReply(Buffer.concat(chunks)));
      } catch (error) {
        reject(error);
      }
    };
    socket.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > largest) reject(protocolError(`the broker's answer has more than ${largest} bytes`));
      else chunks.push(chunk);
      // Most replies come in one piece; what follows is only the connection's end.
      if (chunks.length === 1 && isComplete(chunk)) finish();
    });
    socket.on('error', (error) => reject(unreachable('the connection broke off', 'try again', error)));
    // `close` follows `end`, and comes alone when this side gave up.
    socket.on('close', finish);
  });
}

/** Takes the bytes of a reply apart. */
export function parseReply(bytes: Buffer): Reply {
  if (bytes.length === 0) throw unreachable('it closed the connection without an answer', 'try again');
  const headEnd = bytes.indexOf('\r\n\r\n');
  const head = bytes.toString('latin1', 0, headEnd);
  const status = Number(/^HTTP\/1\.[01] (\d{3})\b/.exec(head)?.[1]);
  if (headEnd < 0 || Number.isNaN(status) || /^transfer-encoding:/im.test(head)) {
    throw protocolError("the broker's answer is not understood");
  }
  const body = bytes.subarray(headEnd + 4);
  const length = lengthIn(head);
  // Without a length only the braces tell whether all has come.
  const isWhole = length === null ? isClosed(body) : body.length === length;
  return { status, body: body.toString('utf8'), isWhole };
}

/** True for a reply that says how long it is, and is that long. */
function isComplete(bytes: Buffer): boolean {
  const headEnd = bytes.indexOf('\r\n\r\n');
  const length = lengthIn(bytes.toString('latin1', 0, Math.max(headEnd, 0)));
  return length !== null && bytes.length === headEnd + 4 + length;
}

/** What the head says about the length of the body; null: nothing. */
function lengthIn(head: string): number | null {
  const length = /^content-length:\s*(\d+)\s*$/im.exec(head)?.[1];
  return length === undefined ? null : Number(length);
}

function isClosed(body: Buffer): boolean {
  const text = body.toString('utf8').trim();
  return !text.startsWith('{') || text.endsWith('}');
}
