import { describe, expect, it } from 'vitest';
import { errorOfReply } from '../../src/client/reply-error.ts';

describe('errorOfReply', () => {
  it('keeps code, message and hint of the broker', () => {
    const error = { code: 'ERR_POLICY_DENIED', message: 'no entitlement', hint: 'jit targets' };
    expect(errorOfReply({ error })).toMatchObject(error);
  });

  it.each(['ERR_OF_TOMORROW', 'toString', '__proto__', ''])(
    'takes the unknown code "%s" for ERR_INTERNAL',
    (code) => {
      expect(errorOfReply({ error: { code, message: 'm' } })).toMatchObject({
        code: 'ERR_INTERNAL',
        message: 'm',
        hint: undefined,
      });
    },
  );

  it('says how to get a broker of the right version', () => {
    expect(errorOfReply({ error: { code: 'ERR_PROTOCOL', message: 'too old' } }).hint).toContain(
      'jit broker stop',
    );
  });

  it.each([
    null,
    'text',
    {},
    { error: null },
    { error: { code: 1, message: 'm' } },
    { error: { code: 'ERR_USAGE' } },
  ])('takes %j, which is no error reply, for ERR_PROTOCOL', (reply) => {
    expect(errorOfReply(reply).code).toBe('ERR_PROTOCOL');
  });
});
