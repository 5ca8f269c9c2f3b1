import { describe, expect, it, vi } from 'vitest';
import { Cancelled, exitCodeFor, showFailure } from '../../src/cli/errors.ts';
import { mannersOf } from '../../src/cli/manners.ts';
import { createOutput } from '../../src/cli/output.ts';
import { type ErrorCode, exitCodeOf, JitError } from '../../src/core/errors.ts';

function shown(thrown: unknown, style: { json?: boolean; debug?: boolean } = {}): string {
  let text = '';
  const stderr = (more: string) => {
    text += more;
  };
  const isTTY = { stdin: false, stdout: false, stderr: false };
  const out = createOutput({ env: {}, isTTY, stdout: () => {}, stderr }, null, mannersOf({}, []));
  showFailure(thrown, { json: style.json ?? false, debug: style.debug ?? false }, out, stderr);
  return text;
}

describe('showFailure', () => {
  it('writes what went wrong and what to do next', () => {
    expect(shown(new JitError('ERR_CONFLICT', 'it is taken', { hint: 'jit status' }))).toBe(
      'jit: error: it is taken\njit: hint: jit status\n',
    );
  });

  it('writes one hint line per line of the hint', () => {
    expect(shown(new JitError('ERR_CONFIG', 'bad', { hint: 'a\nb' }))).toBe(
      'jit: error: bad\njit: hint: a\njit: hint: b\n',
    );
  });

  it('writes the problems of a configuration on a line each, and any other message on one', () => {
    const text = 'jit.yaml:1:1: bad\u001b\njit.yaml:2:1: worse';
    expect(shown(new JitError('ERR_CONFIG', text))).toBe(
      'jit: error: jit.yaml:1:1: bad\\u{1b}\njit.yaml:2:1: worse\n',
    );
    expect(shown(new JitError('ERR_UNKNOWN_NAME', 'no "a\njit: error: b"'))).toBe(
      'jit: error: no "a\\njit: error: b"\n',
    );
  });

  it('writes an object with code, message and hint for --json', () => {
    expect(JSON.parse(shown(new JitError('ERR_CONFLICT', 'it is taken'), { json: true }))).toEqual({
      error: { code: 'ERR_CONFLICT', message: 'it is taken' },
    });
  });

  it('calls the unforeseen a bug, without its text and without a stack', () => {
    const text = shown(new Error('password=hunter2'));
    expect(text).toContain('this is a bug in jit');
    expect(text).not.toContain('hunter2');
    expect(text).not.toMatch(/\n\s+at /);
  });

  it('shows the stack of the unforeseen with --debug only', () => {
    expect(shown(new TypeError('oops'), { debug: true })).toMatch(/TypeError: oops\n\s+at /);
  });

  it('shows no stack of the foreseen, --debug or not', () => {
    expect(shown(new JitError('ERR_CONFLICT', 'it is taken'), { debug: true })).toBe(
      'jit: error: it is taken\n',
    );
  });
});

describe('exitCodeFor', () => {
  it('is the one of the table', () => {
    for (const [code, exit] of Object.entries(exitCodeOf)) {
      expect(exitCodeFor(new JitError(code as ErrorCode, 'x'), false)).toBe(exit);
    }
  });

  it('is 125 instead of 1 before a command ran, and nothing else changes', () => {
    expect(exitCodeFor(new JitError('ERR_TARGET_UNREACHABLE', 'x'), true)).toBe(125);
    expect(exitCodeFor(new JitError('ERR_INTERNAL', 'x'), true)).toBe(125);
    expect(exitCodeFor(new JitError('ERR_POLICY_DENIED', 'x'), true)).toBe(3);
    expect(exitCodeFor(new JitError('ERR_USAGE', 'x'), true)).toBe(2);
  });
});

describe('Cancelled', () => {
  it('of another bundle is known for what it is, other failures are not', async () => {
    vi.resetModules();
    const { Cancelled: Other } = await import('../../src/cli/errors.ts');
    expect(Other).not.toBe(Cancelled);
    expect(new Other('SIGTERM')).toBeInstanceOf(Cancelled);
    expect(new Error('cancelled')).not.toBeInstanceOf(Cancelled);
  });
});
