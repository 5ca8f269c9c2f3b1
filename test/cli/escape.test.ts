import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeLines, escapeText } from '../../src/cli/escape.ts';

describe('escapeText', () => {
  it.each([
    ['an escape sequence', '\u001b[31mred', '\\u{1b}[31mred'],
    ['a C1 control', 'a\u009b2J', 'a\\u{9b}2J'],
    ['a right-to-left override', 'abc\u202etxt', 'abc\\u{202e}txt'],
    ['an isolate', '\u2066x\u2069', '\\u{2066}x\\u{2069}'],
    ['a zero-width space', 'a\u200bb', 'a\\u{200b}b'],
    ['a line separator', 'a\u2028b', 'a\\u{2028}b'],
    ['a newline', 'a\nb\r\tc', 'a\\nb\\r\\tc'],
    ['a tag character', 'a\u{e0041}', 'a\\u{e0041}'],
    ['half of a pair', 'a\ud800', 'a\\u{d800}'],
  ])('writes out %s', (_what, text, shown) => {
    expect(escapeText(text)).toBe(shown);
  });

  it('leaves text of any script alone', () => {
    expect(escapeText('Grüße, 世界, שלום, é 👍')).toBe('Grüße, 世界, שלום, é 👍');
  });

  it('leaves no control character in any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeText(text)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});

describe('escapeLines', () => {
  it('keeps line breaks and nothing else', () => {
    expect(escapeLines('a;\nb\u001b;')).toBe('a;\nb\\u{1b};');
  });
});
