import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { registry } from '../../../src/cli/registry.ts';
import { missing } from '../../support/tmux.ts';
import { completions, linesOf, useCompletionScene } from './scene.ts';

const scene = useCompletionScene();
const script = path.join(completions, 'jit-completion.fish');
const absent = missing('fish');
const firstWords = [...new Set(registry.map(({ name }) => name.split(' ')[0] ?? ''))];

/** The words that TAB at the end of `line` offers, without what is said about them. */
function askFish(line: string, env = scene.env): string[] {
  const ask = 'source $argv[1]; complete -C $argv[2]';
  const lines = linesOf(['fish', '--no-config', '-c', ask, script, line], env);
  return lines.map((text) => text.replace(/\t.*/, ''));
}

describe.skipIf(absent)(`the completion of fish${absent ? ` (skipped: ${absent})` : ''}`, () => {
  it('offers every command', () => {
    expect(askFish('jit ')).toEqual(firstWords.toSorted());
  });

  it.each<[line: string, offered: string[]]>([
    ['jit el', ['elevate']],
    ['jit policy ', ['check', 'explain', 'test']],
    ['jit init ', ['aws', 'postgres']],
    ['jit --config x.yaml pol', ['policy']],
    ['jit elevate --rea', ['--reason']],
    ['jit elevate orders-', ['orders-db', 'orders-test']],
    ['jit --no-input elevate --reason "INC 4711: down" a', ['aws-prod', 'aws-prod:admin', 'aws-prod:read']],
    ['jit elevate orders-db:', ['orders-db:read', 'orders-db:write']],
    ['jit elevate nothing:', []],
    ['jit doctor orders-d', ['orders-db']],
    ['jit audit log --target rep', ['repos']],
    ['jit elevate orders-db --role ', ['read', 'write']],
    ['jit elevate orders-db:read --scope ', ['customers', 'orders-only']],
    ['jit elevate orders-db:write --scope ', []],
    ['jit elevate orders-db --role read --scope=or', ['--scope=orders-only']],
    ['jit elevate --role=admin aws-prod --scope ', []],
    ['jit elevate aws-prod --scope ', ['billing', 'logs']],
    ['jit elevate --for ', ['15m', '1h', '30m']],
    ['jit elevate --duration=3', ['--duration=30m']],
    ['jit elevate --export ', ['env', 'reference', 'url']],
    ['jit elevate --reason ', []],
    ['jit revoke ', ['g7f3k2', 'h9xk01']],
    ['jit extend h', ['h9xk01']],
    ['jit console --grant g', ['g7f3k2']],
    ['jit revoke g7f3k2 ', []],
    ['jit help polic', ['policy']],
    ['jit help policy ', ['check', 'explain', 'test']],
    ['jit help exit', ['exit-codes']],
    ['jit completion ', ['bash', 'fish', 'zsh']],
    ['jit status -- ', []],
  ])('%s', (line, offered) => {
    expect(askFish(line, { ...scene.env, PATH: '/usr/bin:/bin' }).toSorted()).toEqual(offered);
  });

  it('offers commands of the system after "--", and no name of jit', () => {
    expect(askFish('jit elevate orders-db -- prin')).toContain('printf');
    expect(askFish('jit elevate orders-db -- orders')).not.toContain('orders-db');
  });

  it.each([
    'jit elevate ',
    'jit elevate orders-evil:',
    'jit elevate orders-evil --scope ',
    'jit revoke ',
    'jit elevate (: >RAN) ',
    'jit elevate $(: >RAN) --scope ',
    'jit elevate "a$(: >RAN)" --scope ',
    'jit elevate x -- (: >RAN) ',
  ])('runs nothing and offers only names for: %s', (line) => {
    const offered = askFish(line.replaceAll('RAN', scene.ran));
    if (!line.includes('--')) expect(offered.filter((word) => !/^[a-z0-9:.-]+$/.test(word))).toEqual([]);
    expect(offered.filter((word) => /quote|evil|orders-tab|^x1$/.test(word))).toEqual([]);
    expect(existsSync(scene.ran)).toBe(false);
  });

  it('offers no names without the files of a broker', () => {
    const env = { ...scene.env, JIT_STATE_DIR: '/nonexistent' };
    for (const line of ['jit elevate ', 'jit elevate a:', 'jit revoke ', 'jit elevate a --scope ']) {
      expect(askFish(line, env)).toEqual([]);
    }
  });
});
