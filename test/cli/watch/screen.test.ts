import { expect, test } from 'vitest';
import { openScreen, type ScreenTerminal } from '../../../src/cli/watch/screen.ts';

function stage() {
  let written = '';
  const calls: string[] = [];
  let to: Parameters<ScreenTerminal['listen']>[0] | null = null;
  const terminal: ScreenTerminal = {
    write: (text) => {
      written += text;
    },
    size: () => ({ columns: 80, rows: 3 }),
    raw: (on) => calls.push(on ? 'raw' : 'cooked'),
    stop: () => calls.push('stop'),
    listen: (given) => {
      to = given;
      return () => calls.push('deaf');
    },
  };
  const keys: string[] = [];
  let redrawn = 0;
  const screen = openScreen(terminal, {
    key: (text) => keys.push(text),
    redraw: () => {
      redrawn += 1;
    },
  });
  const take = () => {
    const text = written;
    written = '';
    return text;
  };
  if (!to) throw new Error('nobody listens');
  return {
    screen,
    calls,
    keys,
    take,
    to: to as Parameters<ScreenTerminal['listen']>[0],
    redrawn: () => redrawn,
  };
}
const entered = '\x1b[?1049h';
const left = '\x1b[?1049l';

test('the terminal is given back as it was, once, however often it is closed', () => {
  const { screen, take, calls, to } = stage();
  expect(take()).toContain(entered);
  screen.close();
  expect(take()).toContain(left);
  screen.close();
  to.exit();
  expect(take()).toBe('');
  expect(calls).toEqual(['raw', 'cooked', 'deaf']);
});

test('a process that crashes gives it back as well', () => {
  const { take, to, calls } = stage();
  to.exit();
  expect(take()).toContain(left);
  expect(calls).toEqual(['raw', 'cooked']);
});

test('Ctrl-Z stops the process on the usual screen, and what continues it brings the picture back', () => {
  const { take, to, calls, keys, redrawn, screen } = stage();
  take();
  to.key(Buffer.from('\x1a'));
  expect(take()).toContain(left);
  expect(calls).toEqual(['raw', 'cooked', 'stop']);
  screen.draw(['not while somebody else has the terminal'], '…');
  expect(take()).toBe('');
  to.continued();
  expect(take()).toContain(entered);
  expect(redrawn()).toBe(1);
  to.key(Buffer.from('q'));
  expect(keys).toEqual(['q']);
});

test('no more lines are drawn than there are, and each ends its colours', () => {
  const { screen, take } = stage();
  take();
  screen.draw(['one', '\x1b[31mtwo', 'three', 'four'], '…');
  const text = take();
  expect(text).not.toContain('four');
  expect(text.split('\x1b[0m')).toHaveLength(4);
});

test('keys that come together count one by one; those of more than one character are none of them', () => {
  const { to, keys, calls } = stage();
  to.key(Buffer.from('\x03\x03'));
  to.key(Buffer.from('x\x03'));
  expect(keys).toEqual(['\x03', '\x03', 'x', '\x03']);
  // An arrow, a function key, a key with Alt, a mouse.
  to.key(Buffer.from('\x1b[A\x1bOq\x1bq\x1b[15~\x1b[<0;1;2M\x1b'));
  expect(keys.slice(4)).toEqual([]);
  to.key(Buffer.from('\x1b[B\x1a'));
  expect(calls).toEqual(['raw', 'cooked', 'stop']);
});

test('a line as wide as the terminal keeps its last character, on the last row as well', () => {
  const { screen, take } = stage();
  take();
  screen.draw(['a'.repeat(80), 'b'.repeat(81), 'c'.repeat(80)], '…');
  // Where the cursor stays in the last column, what erases to the end of the line takes that column along.
  const text = take();
  expect(text.replaceAll('\x1b[0m', '').split('\r\n')).toEqual([
    `\x1b[H\x1b[K${'a'.repeat(80)}`,
    `\x1b[K${'b'.repeat(79)}…`,
    `\x1b[K${'c'.repeat(80)}`,
  ]);
  screen.draw(['short'], '…');
  expect(take().endsWith('\r\n\x1b[J')).toBe(true);
});

test('another size draws the picture anew, while there is one', () => {
  const { screen, to, redrawn } = stage();
  to.resized();
  expect(redrawn()).toBe(1);
  screen.close();
  to.resized();
  expect(redrawn()).toBe(1);
});

test('a line that is too wide is cut with an ellipsis, colours not counted', () => {
  const { screen, take } = stage();
  take();
  screen.draw([`\x1b[31m${'x'.repeat(81)}`, 'y'.repeat(80), '\u4e00'.repeat(50)], '…');
  const [first = '', second = '', third = ''] = take().split('\r\n');
  expect(first).toContain(`\x1b[31m${'x'.repeat(79)}…\x1b[0m`);
  expect(second).toContain(`${'y'.repeat(80)}\x1b[0m`);
  expect(third).toContain(`${'\u4e00'.repeat(39)}…`);
});
