// What the server says, made fit for a terminal, a log and the audit.

import { describe, expect, it } from 'vitest';
import { failureOf, plain } from '../../../src/providers/postgres/failure.ts';
import { addressOf } from '../../../src/providers/postgres/plan.ts';
import { targetOn } from '../../support/postgres-target.ts';

describe('a text from the server', () => {
  it('is well-formed also when the cut falls into an emoji', () => {
    for (const before of [198, 199, 200]) {
      const cut = plain(`${'x'.repeat(before)}😀 and more`);
      expect(cut.isWellFormed()).toBe(true);
      expect(cut.length).toBeLessThanOrEqual(200);
    }
    expect(plain(`${'x'.repeat(198)}😀 and more`).endsWith('😀')).toBe(true);
  });

  it('is one line without characters that steer a terminal or turn text around, and without a verifier', () => {
    const given = 'a\u001b[2Jb\r\nc\u202ed\u2066e\u200bf\u2028g SCRAM-SHA-256$4096:c2FsdA==$abc:def h';
    expect(plain(given)).toBe('a [2Jb c d e f g [verifier] h');
  });

  it('is as plain in an error', () => {
    const thrown = Object.assign(new Error(`no function "${'x'.repeat(186)}\u202e😀"`), {
      code: '42883',
      severity: 'ERROR',
    });
    const { message } = failureOf(thrown, addressOf(targetOn({ host: 'db', port: 5432 })));
    expect(message.isWellFormed()).toBe(true);
    expect(message).not.toContain('\u202e');
  });
});
