import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withLine, withoutLine } from '../../../src/cli/shell-init/rc-line.ts';

const line = '[ -r ~/x/jit.bash ] && . ~/x/jit.bash # jit shell-init';
const other = '[ -r ~/old/jit.bash ] && . ~/old/jit.bash # jit shell-init';

describe('the line in an rc file', () => {
  it('comes last, and every other byte stays', () => {
    expect(withLine('a\nb\n', line)).toBe(`a\nb\n${line}\n`);
    expect(withLine('', line)).toBe(`${line}\n`);
  });

  it('keeps a file without a last newline one, and CRLF what it is', () => {
    expect(withLine('a', line)).toBe(`a\n${line}`);
    expect(withLine('a\r\n', line)).toBe(`a\r\n${line}\r\n`);
  });

  it('is there once, and renewed where it stands', () => {
    const text = withLine('a\n', line);
    expect(withLine(text, line)).toBe(text);
    expect(withLine(`a\n${other}\r\nb\n${other}\nc`, line)).toBe(`a\n${line}\r\nb\nc`);
  });

  it('is not any line of the user that looks like it', () => {
    const own = `#${line}\n${line} too\n[ -r a ] && . b # jit shell-init\n`;
    expect(withoutLine(own)).toBe(own);
    expect(withLine(own, line)).toBe(`${own}${line}\n`);
  });

  it('leaves nothing behind when it is taken away', () => {
    const text = fc
      .array(fc.constantFrom('a', '\n', '\r\n', '\r', ' ', 'é', '\0', '# jit shell-init'))
      .map((parts) => parts.join(''));
    fc.assert(fc.property(text, (before) => withoutLine(withLine(before, line)) === before));
  });
});
