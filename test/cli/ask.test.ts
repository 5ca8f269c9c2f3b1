import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type AskLook, terminalAsker } from '../../src/cli/ask.ts';
import { Cancelled } from '../../src/cli/errors.ts';
import { until } from '../support/until.ts';

/** A terminal on which `keys` are typed as soon as the question is there. */
function typing(question: string, keys: readonly string[], look: AskLook = { colour: true, unicode: true }) {
  const input = new PassThrough();
  const output = new PassThrough();
  const left = [...keys];
  let shown = '';
  output.on('data', (data: Buffer) => {
    shown += data.toString();
    // One key per drawing: a real person waits as well.
    if (shown.includes(question) && left.length > 0) {
      const key = left.shift();
      setImmediate(() => input.write(key));
    }
  });
  return {
    asker: terminalAsker(() => ({ input, output }), look),
    shown: () => stripVTControlCharacters(shown),
  };
}

const enter = '\r';
const down = '\u001b[B';
const ctrlC = '\u0003';
const ctrlT = '\u0014';

describe('terminalAsker', () => {
  it('takes a text without the blanks around it', async () => {
    const { asker } = typing('Reason', [' INC-4711 ', enter]);
    expect(await asker.text('Reason')).toBe('INC-4711');
  });

  it('takes a secret as it is, and shows none of it', async () => {
    const { asker, shown } = typing('Secret', [' hunter2', enter]);
    expect(await asker.secret('Secret')).toBe(' hunter2');
    expect(shown()).not.toContain('hunter2');
    expect(shown()).toContain('*'.repeat(8));
  });

  it('offers what is likely', async () => {
    const { asker, shown } = typing('Port', [enter]);
    expect(await asker.text('Port', '5432')).toBe('5432');
    expect(shown()).toContain('(5432)');
  });

  it('does not take nothing for an answer', async () => {
    const { asker, shown } = typing('Reason', [enter, 'x', enter]);
    expect(await asker.text('Reason')).toBe('x');
    expect(shown()).toContain('please write something');
  });

  it('lets one of several be chosen', async () => {
    const { asker } = typing('Role', [down, enter]);
    expect(
      await asker.choose('Role', [{ value: 'read' }, { value: 'write', description: 'all of it' }]),
    ).toBe('write');
  });

  it('finds one by what is typed, the first of what is found by Enter', async () => {
    const find = (typed: string) =>
      ['read', 'write'].filter((one) => one.includes(typed)).map((value) => ({ value }));
    const { asker, shown } = typing('Role', ['w', 'r', enter]);
    expect(await asker.search('Role', find)).toBe('write');
    expect(shown()).toContain('read');
    expect(await typing('Role', [down, enter]).asker.search('Role', find)).toBe('write');
    expect(await typing('Role', [enter]).asker.search('Role', find)).toBe('read');
  });

  it('never takes what was first before the typing, however fast Enter follows', async () => {
    const find = (typed: string) =>
      ['read', 'write'].filter((one) => one.includes(typed)).map((value) => ({ value }));
    // One chunk, as from a paste or a slow line.
    const { asker } = typing('Role', [`w${enter}`]);
    expect(await asker.search('Role', find)).toBe('write');
    const early = typing('Role', [`wr${enter}${enter}`]);
    expect(await early.asker.search('Role', find)).toBe('write');
  });

  it('takes exactly what is to be typed, and asks again for anything else', async () => {
    const { asker, shown } = typing('Name', ['y', enter, '\u007f', 'prod-db', enter]);
    await asker.typed('Name', 'prod-db');
    expect(shown()).toContain('that is not "prod-db"');
  });

  it('draws in ASCII and without colour where that is all that can be shown', async () => {
    const plain = typing('Role', [down, enter], { colour: false, unicode: false });
    await plain.asker.choose('Role', [{ value: 'read' }, { value: 'write' }]);
    expect(plain.shown()).toContain('> write');
    expect(plain.shown()).toMatch(/^[\x20-\x7e\s]*$/);
  });

  it('offers no way to show a secret', async () => {
    const { asker, shown } = typing('Code', ['123456', ctrlT, enter]);
    expect(await asker.secret('Code')).toBe('123456');
    expect(shown()).not.toContain('123456');
    expect(shown()).not.toContain('ctrl+t');
  });

  it('takes a question away when it is over', async () => {
    const over = new AbortController();
    const { asker, shown } = typing('Code', ['1']);
    const asked = asker.secret('Code', over.signal);
    const failed = expect(asked).rejects.toThrow();
    await until(() => expect(shown()).toContain('*'));
    over.abort();
    await failed;
    await expect(asked).rejects.not.toBeInstanceOf(Cancelled);
  });

  it('throws Cancelled on Ctrl-C', async () => {
    const { asker } = typing('Reason', [ctrlC]);
    await expect(asker.text('Reason')).rejects.toBeInstanceOf(Cancelled);
  });
});
