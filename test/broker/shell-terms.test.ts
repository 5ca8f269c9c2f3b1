import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { elevate } from '../../src/broker/elevate.ts';
import type { OnEnd } from '../../src/core/shell-terms.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';

let world: TestBroker;
beforeEach(() => {
  world = createTestBroker();
});
afterEach(() => world.remove());

function configure(change: (text: string) => string): void {
  const { path } = world.broker.policy;
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

test.each<[target: string, general: string, asked: OnEnd | null, told: OnEnd]>([
  ['lock', 'lock', null, 'lock'],
  ['lock', 'terminate', null, 'terminate'],
  ['lock', 'terminate', 'lock', 'lock'],
  ['lock', 'lock', 'close', 'close'],
  ['terminate', 'lock', null, 'terminate'],
  ['terminate', 'lock', 'lock', 'terminate'],
  ['terminate', 'lock', 'close', 'close'],
  ['close', 'terminate', 'terminate', 'close'],
])(
  'a target of at least %s, where %s is usual, asked for %s, ends with %s',
  async (target, general, onEnd, told) => {
    configure((text) =>
      text
        .replace('risk: high', `on_end: ${target}`)
        .replace(
          'version: 1',
          `version: 1\nshell: { on_end: ${general}, warn: [2m], notify: [bell], tmux: true }`,
        ),
    );
    const { shell } = await elevate(world.broker, ada, request({ onEnd }));
    expect(shell).toEqual({ onEnd: told, warn: [120_000], notify: ['bell'], tmux: true });
  },
);

test('a configuration that breaks while the credential is made does not take it back', async () => {
  world.target.faults.duringIssue = () => configure(() => 'version: [');
  const { shell } = await elevate(world.broker, ada, request());
  expect(shell.onEnd).toBe('lock');
  expect(world.target.live.size).toBe(1);
});
