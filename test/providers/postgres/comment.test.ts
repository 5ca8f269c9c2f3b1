// Names, comments and quoting: what of a request ends up on the server, and what of it can be read back.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readComment, roleComment, withDeadline } from '../../../src/providers/postgres/comment.ts';
import { plain } from '../../../src/providers/postgres/failure.ts';
import { leaseOfName, roleName } from '../../../src/providers/postgres/names.ts';
import { quoteIdent, quoteLiteral } from '../../../src/providers/postgres/quote.ts';
import { requestFor } from '../../support/postgres-target.ts';

describe('the comment on a role', () => {
  it('is one line of bounded length whatever people type, and tells lease, broker and deadline', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 5000 }), (reason) => {
        const request = requestFor('read', { reason, principal: `user:${reason}`, ticket: reason });
        const text = roleComment(request, 'jit.0origin');
        // biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is what is shown
        expect(text).not.toMatch(/[\u0000-\u001f]/);
        expect(text.length).toBeLessThan(4000);
        expect(readComment(text)).toEqual({
          lease: request.lease,
          origin: 'jit.0origin',
          deadline: request.deadline,
        });
      }),
    );
  });

  it('keeps the rest when the deadline moves', () => {
    const request = requestFor('read');
    const moved = withDeadline(roleComment(request, 'jit.0origin'), request.deadline + 1000);
    expect(moved).toBe(roleComment({ ...request, deadline: request.deadline + 1000 }, 'jit.0origin'));
  });

  it.each([null, '', 'of the reporting team', '[]', '{"lease":7}', '"lease"'])(
    'is not ours when it is %j',
    (text) => {
      expect(readComment(text)).toBeNull();
      expect(withDeadline(text, 0)).toBeNull();
    },
  );
});

describe('the name of a role', () => {
  it('tells the lease, for ids as the broker makes them', () => {
    expect(leaseOfName(roleName('l0123456789abcde'))).toBe('l0123456789abcde');
    for (const other of ['jit_quarantine', 'jit_broker', 'jit_l123', 'xjit_l0123456789abcde']) {
      expect(leaseOfName(other)).toBeNull();
    }
  });

  it.each(['', 'L1', 'a b', 'a"b', 'a'.repeat(60)])('refuses to be made of %j', (lease) => {
    expect(() => roleName(lease)).toThrowError(expect.objectContaining({ code: 'ERR_INTERNAL' }));
  });
});

describe('quoting', () => {
  it('doubles what would end a name or a text', () => {
    expect(quoteIdent('a"; DROP ROLE x --')).toBe('"a""; DROP ROLE x --"');
    expect(quoteLiteral(`it's`)).toBe(`'it''s'`);
    expect(quoteLiteral(`\\'; x`)).toBe(` E'\\\\''; x'`);
    expect(quoteLiteral('a\0b')).toBe(`'ab'`);
  });

  it.each(['', 'a\0b', 'ä'.repeat(32)])('refuses the name %j', (name) => {
    expect(() => quoteIdent(name)).toThrowError(expect.objectContaining({ code: 'ERR_INTERNAL' }));
  });

  it('shows what a server said on one line, without verifiers', () => {
    expect(plain(`at or near "SCRAM-SHA-256$4096:abc$def:ghi"\n\u001b[31mred`)).toBe(
      'at or near "[verifier] [31mred',
    );
    expect(plain('x'.repeat(500))).toHaveLength(200);
  });
});
