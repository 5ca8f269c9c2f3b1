import { describe, expect, it } from 'vitest';
import { paintFor, wantsColour } from '../../src/cli/colour.ts';

const ask = (env: Record<string, string>, isTTY: boolean, flag: boolean | null = null) =>
  wantsColour({ env, isTTY, flag });

describe('wantsColour', () => {
  it('colours terminals only', () => {
    expect(ask({}, true)).toBe(true);
    expect(ask({}, false)).toBe(false);
    expect(ask({ TERM: 'dumb' }, true)).toBe(false);
  });

  it('obeys NO_COLOR when it is not empty, also against FORCE_COLOR', () => {
    expect(ask({ NO_COLOR: '1' }, true)).toBe(false);
    expect(ask({ NO_COLOR: '' }, true)).toBe(true);
    expect(ask({ NO_COLOR: '1', FORCE_COLOR: '1' }, true)).toBe(false);
  });

  it('obeys FORCE_COLOR without a terminal', () => {
    expect(ask({ FORCE_COLOR: '1', TERM: 'dumb' }, false)).toBe(true);
    expect(ask({ FORCE_COLOR: '0' }, true)).toBe(false);
    expect(ask({ FORCE_COLOR: 'false' }, true)).toBe(false);
  });

  it('obeys a flag above all', () => {
    expect(ask({ NO_COLOR: '1' }, false, true)).toBe(true);
    expect(ask({ FORCE_COLOR: '1' }, true, false)).toBe(false);
  });
});

describe('paintFor', () => {
  it('leaves text as it is without colour', () => {
    expect(paintFor({ env: {}, isTTY: false, flag: null }).alarm('overdue')).toBe('overdue');
    expect(paintFor({ env: {}, isTTY: true, flag: null }).alarm('overdue')).toContain('\u001b[');
  });
});
