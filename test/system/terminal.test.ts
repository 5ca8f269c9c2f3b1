import { describe, expect, it } from 'vitest';
import { canAsk, isCi } from '../../src/system/terminal.ts';

const tty = { isTTY: true };

describe('canAsk', () => {
  it('needs a terminal on both sides that can move its cursor, outside of CI', () => {
    expect(canAsk(tty, tty, { TERM: 'xterm' })).toBe(true);
    expect(canAsk({}, tty, {})).toBe(false);
    expect(canAsk(tty, { isTTY: false }, {})).toBe(false);
    expect(canAsk(tty, tty, { TERM: 'dumb' })).toBe(false);
    expect(canAsk(tty, tty, { CI: 'true' })).toBe(false);
  });
});

describe('isCi', () => {
  it('knows the variables of CI systems and that false means no', () => {
    expect([{ CI: '1' }, { GITHUB_ACTIONS: 'true' }, { CI: 'false' }, { CI: '' }, {}].map(isCi)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
