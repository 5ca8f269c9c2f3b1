// The order of the guards: of several reasons to refuse, the first in the list is the one that counts.

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Knock, refusal } from '../../src/broker/endpoint-guard.ts';

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
const threshold = { uid: 1000, host: '127.0.0.1:4000', path: '/v1/g/abc', bearer: sha256('token') };
const right: Knock = {
  remoteAddress: '127.0.0.1',
  peerUid: 1000,
  method: 'GET',
  url: '/v1/g/abc',
  rawHeaders: ['Host', '127.0.0.1:4000', 'Authorization', 'token', 'User-Agent', 'sdk'],
};
const why = (knock: Partial<Knock>): string | undefined =>
  refusal({ ...right, ...knock }, threshold, sha256)?.why;

test('what an SDK sends passes, whatever the case of its headers', () => {
  expect(refusal(right, threshold, sha256)).toBeNull();
  expect(why({ rawHeaders: ['hOST', '127.0.0.1:4000', 'AUTHORIZATION', 'token'] })).toBeUndefined();
  expect(why({ remoteAddress: '::ffff:127.0.0.1' })).toBeUndefined();
});

test('where the system does not tell who it is, the other guards stand', () => {
  expect(why({ peerUid: 'untold' })).toBeUndefined();
  expect(why({ peerUid: 'untold', rawHeaders: ['Host', '127.0.0.1:4000'] })).toBe('no-bearer');
});

describe('each guard comes before all that follow', () => {
  // Each wrong thing, in the order of the guards; all that follow are wrong as well.
  const wrongs: [string, (knock: Knock) => Knock][] = [
    ['not-loopback', (knock) => ({ ...knock, remoteAddress: '10.0.0.1' })],
    ['other-user', (knock) => ({ ...knock, peerUid: 0 })],
    [
      'other-host',
      (knock) => ({ ...knock, rawHeaders: ['Host', 'evil.example', ...knock.rawHeaders.slice(2)] }),
    ],
    ['browser', (knock) => ({ ...knock, rawHeaders: [...knock.rawHeaders, 'Origin', 'null'] })],
    ['not-found', (knock) => ({ ...knock, method: 'POST' })],
    [
      'wrong-bearer',
      (knock) => ({ ...knock, rawHeaders: knock.rawHeaders.map((text) => text.replace('token', 'x')) }),
    ],
  ];
  test.each(wrongs.map(([name], index) => [name, index] as const))('%s', (name, index) => {
    const knock = wrongs.slice(index).reduce((knocks, [, spoil]) => spoil(knocks), right);
    expect(refusal(knock, threshold, sha256)?.why).toBe(name);
  });
});

test.each(['10.0.0.1', '::1', '::ffff:10.0.0.1', '127.0.0.1.evil', '', '1127.0.0.1'])(
  'the address "%s" is not loopback',
  (remoteAddress) => expect(why({ remoteAddress })).toBe('not-loopback'),
);

test('a connection whose other end is nobody’s is refused', () => {
  expect(why({ peerUid: 'nobody' })).toBe('other-user');
});
