import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { plainAsker } from '../../src/cli/ask-plain.ts';
import { Cancelled } from '../../src/cli/errors.ts';
import { until } from '../support/until.ts';

/** A terminal that edits lines itself: `lines` are typed one per question. */
function typing(lines: readonly string[], canStop = true) {
  const input = new PassThrough();
  const output = new PassThrough();
  const left = [...lines];
  const listeners = new Set<(signal: NodeJS.Signals) => void>();
  const continued = new Set<() => void>();
  let stops = 0;
  let shown = '';
  output.on('data', (data: Buffer) => {
    shown += data.toString();
    if (/: $/.test(shown) && left.length > 0) {
      const line = left.shift();
      setImmediate(() => input.write(`${line}\n`));
    }
  });
  const asker = plainAsker({
    streams: () => ({ input, output }),
    onSignal: (callback) => {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
    onContinue: (callback) => {
      continued.add(callback);
      return () => continued.delete(callback);
    },
    stop: () => {
      stops += 1;
      if (canStop) for (const callback of continued) callback();
    },
  });
  return {
    asker,
    input,
    shown: () => shown,
    listeners,
    continued,
    stops: () => stops,
    goOn: () => {
      for (const callback of continued) callback();
    },
    interrupt: () => {
      for (const callback of listeners) callback('SIGINT');
    },
  };
}

const roles = [{ value: 'read', description: 'read all' }, { value: 'write' }];
const find = (typed: string) =>
  ['prod-db:read', 'prod-db:write'].filter((one) => one.includes(typed)).map((value) => ({ value }));

describe('plainAsker', () => {
  it('lists choices with numbers, without an escape sequence', async () => {
    const { asker, shown } = typing(['2']);
    expect(await asker.choose('Role', roles)).toBe('write');
    expect(shown()).toContain('Role\n1: read, read all\n2: write\n');
    expect(shown()).not.toContain('\u001b');
  });

  it('takes a part of a name only after it has shown what that stands for', async () => {
    const { asker, shown } = typing(['wri', '']);
    await asker.search('Target', find);
    expect(shown().split('Target\n').at(-1)).toMatch(/^1: prod-db:write\nNumber or text/);
  });

  it.each([
    [[''], 'prod-db:read'],
    [['2'], 'prod-db:write'],
    [['prod-db:write'], 'prod-db:write'],
    [['wri', ''], 'prod-db:write'],
    [['nothing', 'db', '2'], 'prod-db:write'],
    [['9', '1'], 'prod-db:read'],
  ])('finds by %j', async (lines, answer) => {
    expect(await typing(lines).asker.search('Target', find)).toBe(answer);
  });

  it('takes what was typed where that is an answer', async () => {
    const own = (typed: string) => [...(typed ? [{ value: typed }] : []), { value: 'restore' }];
    expect(await typing(['INC-1']).asker.search('Reason', own)).toBe('INC-1');
  });

  it('asks again for nothing and for the wrong name', async () => {
    const text = typing(['', ' x ']);
    expect(await text.asker.text('Reason')).toBe('x');
    expect(text.shown()).toContain('please write something');
    expect(await typing(['']).asker.text('Port', '5432')).toBe('5432');
    const name = typing(['y', 'prod-db']);
    await name.asker.typed('Name', 'prod-db');
    expect(name.shown()).toContain('that is not "prod-db"');
  });

  it('shows nothing of a secret, which can be corrected', async () => {
    const { asker, shown } = typing(['huntex\u007fr2']);
    expect(await asker.secret('Code')).toBe('hunter2');
    expect(shown()).toBe('Code (not shown): \n');
  });

  it.each(['text', 'secret'] as const)(
    'throws Cancelled for the end of the input, and listens no more (%s)',
    async (kind) => {
      const { asker, input, listeners, continued } = typing([]);
      const asked = asker[kind]('Code');
      input.end();
      await expect(asked).rejects.toBeInstanceOf(Cancelled);
      expect([listeners.size, continued.size]).toEqual([0, 0]);
    },
  );

  it('throws Cancelled on Ctrl-C, and listens no more', async () => {
    const { asker, interrupt, listeners, shown } = typing([]);
    const asked = asker.text('Reason');
    await until(() => expect(shown()).toContain('Reason:'));
    interrupt();
    await expect(asked).rejects.toBeInstanceOf(Cancelled);
    expect(listeners.size).toBe(0);
  });

  it('asks again what it waits for when it was stopped and goes on, and only as long as it waits', async () => {
    const { asker, input, shown, goOn, continued } = typing([]);
    const asked = asker.choose('Role', roles);
    await until(() => expect(shown()).toContain('Enter for 1: '));
    goOn();
    await until(() => expect(shown().split('Role\n1: read, read all\n2: write\n')).toHaveLength(3));
    input.write('2\n');
    expect(await asked).toBe('write');
    expect(continued.size).toBe(0);
  });

  it.each([
    ['is stopped by Ctrl-Z in a secret, which is then typed from its beginning', true],
    ['asks for a secret again after Ctrl-Z where no shell could continue it', false],
  ])('%s', async (_title, canStop) => {
    const { asker, input, shown, continued, stops } = typing([], canStop);
    const asked = asker.secret('Code');
    await until(() => expect(shown()).toBe('Code (not shown): '));
    input.write('abc\u001a');
    await until(() => expect(stops()).toBe(1));
    await until(() => expect(shown()).toBe('Code (not shown): \nCode (not shown): '));
    input.write('hunter2\r');
    expect(await asked).toBe('hunter2');
    expect(continued.size).toBe(0);
  });

  it('takes a question away when it is over', async () => {
    const over = new AbortController();
    const { asker, shown } = typing([]);
    const asked = asker.secret('Code', over.signal);
    await until(() => expect(shown()).toContain('Code'));
    over.abort();
    await expect(asked).rejects.not.toBeInstanceOf(Cancelled);
  });
});
