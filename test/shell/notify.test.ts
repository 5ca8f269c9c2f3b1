import { expect, test } from 'vitest';
import { notificationFor } from '../../src/shell/notify.ts';

const xterm = { TERM: 'xterm-256color' };
const osc9 = '\x1b]9;jit: x\x1b\\';
const osc777 = '\x1b]777;notify;jit;jit: x\x1b\\';
const osc99 = '\x1b]99;i=jit;jit: x\x1b\\';

test.each([
  ['iTerm2', { TERM_PROGRAM: 'iTerm.app' }, osc9],
  ['WezTerm', { TERM_PROGRAM: 'WezTerm' }, osc9],
  ['Ghostty', { TERM_PROGRAM: 'ghostty' }, osc9],
  ['Warp', { TERM_PROGRAM: 'WarpTerminal' }, osc9],
  ['Windows Terminal', { WT_SESSION: 'some-guid' }, osc9],
  ['iTerm2 over ssh', { LC_TERMINAL: 'iTerm2' }, osc9],
  ['kitty', { TERM: 'xterm-kitty', KITTY_WINDOW_ID: '1' }, osc99],
  ['GNOME Terminal', { VTE_VERSION: '7003' }, osc777],
  ['foot', { TERM: 'foot' }, osc777],
  ['Konsole', { KONSOLE_VERSION: '230804' }, osc777],
])('%s gets the form it knows', (_name, env, sequence) => {
  expect(notificationFor({ ...xterm, ...env }, 'jit: x')).toBe(sequence);
});

test.each([
  ['unknown', xterm],
  ['dumb', { TERM: 'dumb', TERM_PROGRAM: 'iTerm.app' }],
  ['nameless', { TERM_PROGRAM: 'iTerm.app' }],
  ['made by GNU screen', { TERM: 'screen', STY: '1.tty', VTE_VERSION: '7003' }],
  ['made by tmux somewhere unknown', { TERM: 'tmux', TERM_PROGRAM: 'tmux', TMUX: '/tmp/s,1,0' }],
])('a terminal that is %s gets nothing', (_what, env) => {
  expect(notificationFor(env, 'jit: x')).toBeNull();
});

test('inside of tmux the sequence is wrapped for the terminal around it', () => {
  const env = { TERM: 'screen-256color', TERM_PROGRAM: 'tmux', TMUX: '/tmp/s,1,0', VTE_VERSION: '7003' };
  expect(notificationFor(env, 'jit: x')).toBe('\x1bPtmux;\x1b\x1b]777;notify;jit;jit: x\x1b\x1b\\\x1b\\');
});

test('a name that was made to attack adds neither sequence nor field', () => {
  const text = 'a\x1b]0;title\x07b\x9cc\x1b\\d;e\nf';
  expect(notificationFor({ ...xterm, VTE_VERSION: '1' }, text)).toBe(
    '\x1b]777;notify;jit;a ]0 title b c \\d e f\x1b\\',
  );
});
