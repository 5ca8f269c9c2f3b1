import { describe, expect, it } from 'vitest';
import { parseReply } from '../../src/client/reply.ts';

const parse = (text: string) => parseReply(Buffer.from(text));

describe('parseReply', () => {
  it('reads status and body, whatever the case of the headers', () => {
    const whole = { status: 200, body: '{"a":"ä"}', isWhole: true };
    expect(parse('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"a":"ä"}')).toEqual(whole);
    expect(parse('HTTP/1.0 200\r\ncontent-type: application/json\r\n\r\n{"a":"ä"}')).toEqual(whole);
    expect(parse('HTTP/1.1 403 Forbidden\r\n\r\n{}').status).toBe(403);
  });

  it('notices what is missing at the end, by the length or by the braces', () => {
    expect(parse('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"a":').isWhole).toBe(false);
    expect(parse('HTTP/1.1 200 OK\r\n\r\n{"a":').isWhole).toBe(false);
  });

  it.each([
    'SSH-2.0-OpenSSH\r\n',
    'HTTP/1.1 200 OK\r\n',
    'HTTP/2 200\r\n\r\n{}',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
  ])('takes %j for ERR_PROTOCOL', (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'ERR_PROTOCOL' }));
  });

  it('takes silence for a broker that went away', () => {
    expect(() => parse('')).toThrow(expect.objectContaining({ code: 'ERR_BROKER_UNREACHABLE' }));
  });
});
