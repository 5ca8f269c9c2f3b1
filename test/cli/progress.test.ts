import { describe, expect, it, vi } from 'vitest';
import { terminalSpinner, waiting } from '../../src/cli/progress.ts';
import type { World } from '../../src/cli/world.ts';
import { FakeClock } from '../fakes/clock.ts';
import { missing, openTerminal } from '../support/tmux.ts';

const noTmux = missing('tmux');
const spinnerFile = new URL('../../src/cli/progress.ts', import.meta.url).href;

function spinning(changes: Partial<World> = {}) {
  const clock = new FakeClock();
  const events: string[] = [];
  const spin = async (text: string) => {
    events.push(`start ${text}`);
    return () => events.push('stop');
  };
  const isTTY = { stdin: true, stdout: true, stderr: true };
  const note = (line: string) => events.push(line);
  const common = { argv: ['elevate', 'x'], clock, spin, isTTY, ci: false, env: {} };
  const out = { plain: false, quiet: false, unicode: true, note, ...changes.out };
  const world = { ...common, ...changes, out } as unknown as World;
  const { promise, resolve } = Promise.withResolvers<string>();
  return { clock, events, resolve, result: waiting(world, 'Asking', promise) };
}

describe('waiting', () => {
  it('shows a spinner after half a second and stops it at the end', async () => {
    const { clock, events, resolve, result } = spinning();
    clock.advance(499);
    expect(events).toEqual([]);
    clock.advance(1);
    expect(events).toEqual(['start Asking']);
    await Promise.resolve();
    resolve('done');
    expect(await result).toBe('done');
    expect(events).toEqual(['start Asking', 'stop']);
  });

  it('shows nothing when the answer is quick, and leaves no timer', async () => {
    const { clock, events, resolve, result } = spinning();
    resolve('done');
    await result;
    expect(clock.pending).toBe(0);
    expect(events).toEqual([]);
  });

  it('stops a spinner that came too late', async () => {
    const { clock, events, resolve, result } = spinning();
    resolve('done');
    clock.advance(500);
    await result;
    await new Promise((next) => setImmediate(next));
    expect(events).toEqual(['start Asking', 'stop']);
  });

  it.each([
    ['without a terminal', { isTTY: { stdin: true, stdout: true, stderr: false } }],
    ['in CI', { ci: true }],
    ['on a dumb terminal', { env: { TERM: 'dumb' } }],
    ['in plain mode', { out: { plain: true } }],
  ])('shows no spinner %s, but a line after five seconds and then every thirty', async (_where, changes) => {
    const { clock, events, resolve, result } = spinning(changes as never);
    clock.advance(4_999);
    expect(events).toEqual([]);
    clock.advance(1);
    expect(events).toEqual(['jit: still asking …']);
    clock.advance(29_999);
    expect(events).toHaveLength(1);
    clock.advance(30_001);
    resolve('done');
    await result;
    expect(events).toHaveLength(3);
    expect(clock.pending).toBe(0);
  });

  it('shows nothing at all with --quiet', async () => {
    for (const ci of [false, true]) {
      const { clock, events, resolve, result } = spinning({ ci, out: { quiet: true } } as never);
      clock.advance(60_000);
      resolve('done');
      await result;
      expect(events).toEqual([]);
    }
  });

  it('says nothing where the answer was quick, and leaves no timer', async () => {
    const { clock, events, resolve, result } = spinning({ ci: true });
    resolve('done');
    await result;
    expect(clock.pending).toBe(0);
    expect(events).toEqual([]);
  });

  it('says nothing with --json, where stderr is for the error', async () => {
    const { clock, events, resolve, result } = spinning({ ci: true, argv: ['elevate', 'x', '--json'] });
    clock.advance(60_000);
    resolve('done');
    await result;
    expect(events).toEqual([]);
  });
});

describe('terminalSpinner', () => {
  it.skipIf(noTmux)(
    `leaves the cursor alone, or a shell around had none after Ctrl-Z${noTmux ? ` (skipped: ${noTmux})` : ''}`,
    async () => {
      const program = `
      import { terminalSpinner } from ${JSON.stringify(spinnerFile)};
      await terminalSpinner('Asking', { colour: true, unicode: true });
    `;
      const command = [process.execPath, '--input-type=module', '-e', program];
      const env = { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8' };
      const terminal = await openTerminal({ command, env, cwd: import.meta.dirname });
      try {
        await terminal.waitFor(/ Asking/);
        expect(await terminal.ask('#{cursor_flag}')).toBe('1');
      } finally {
        await terminal.close();
      }
    },
  );

  it('draws nothing on a terminal without columns, where drawing would never end', async () => {
    const columns = Object.getOwnPropertyDescriptor(process.stderr, 'columns');
    Object.defineProperty(process.stderr, 'columns', { value: 0, configurable: true });
    const write = vi.spyOn(process.stderr, 'write');
    try {
      const stop = await terminalSpinner('Asking', { colour: true, unicode: true });
      stop();
      expect(write).not.toHaveBeenCalled();
    } finally {
      if (columns) Object.defineProperty(process.stderr, 'columns', columns);
      else Reflect.deleteProperty(process.stderr, 'columns');
    }
  });
});
