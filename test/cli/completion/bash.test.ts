import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { registry } from '../../../src/cli/registry.ts';
import { temporaryFolder } from '../../fakes/folder.ts';
import { askBash } from './bash.ts';
import { completionScene, useCompletionScene } from './scene.ts';

const scene = useCompletionScene();
/** Nothing outside of the shell can be called. */
const alone = { ...scene.env, PATH: '/nonexistent' };
const firstWords = [...new Set(registry.map(({ name }) => name.split(' ')[0]))];

describe('the completion of bash', () => {
  it('offers every command', () => {
    expect(askBash('jit ', alone)).toEqual(firstWords);
  });

  it.each<[line: string, offered: string[]]>([
    ['jit el', ['elevate']],
    ['jit policy ', ['check', 'explain', 'test']],
    ['jit init ', ['postgres', 'aws']],
    ['jit --config x.yaml pol', ['policy']],
    ['jit elevate --re', ['--reason']],
    ['jit elevate --co', ['--config', '--color']],
    ['jit --ver', ['--version']],
    ['jit elevate o', ['orders-db', 'orders-test']],
    ['jit elevate "o', ['orders-db', 'orders-test']],
    ['jit --no-input elevate --reason "INC 4711: down" a', ['aws-prod', 'aws-prod:admin', 'aws-prod:read']],
    // readline replaces what follows the colon only.
    ['jit elevate orders-db:', ['read', 'write']],
    ['jit elevate orders-db:w', ['write']],
    ['jit elevate nothing:', []],
    ['jit doctor orders-d', ['orders-db']],
    ['jit audit log --target rep', ['repos']],
    ['jit elevate orders-db --role ', ['read', 'write']],
    ['jit elevate orders-db:read --scope ', ['customers', 'orders-only']],
    ['jit elevate orders-db:write --scope ', []],
    ['jit elevate orders-db --role read --scope=or', ['orders-only']],
    ['jit elevate --role=admin aws-prod --scope ', []],
    ['jit elevate aws-prod --scope ', ['billing', 'logs']],
    ['jit elevate --for ', ['15m', '30m', '1h']],
    ['jit elevate --duration=3', ['30m']],
    ['jit extend g7 --for 1h', ['1h']],
    ['jit elevate --export ', ['reference', 'url', 'env']],
    ['jit elevate --reason ', []],
    ['jit revoke ', ['g7f3k2', 'h9xk01']],
    ['jit extend h', ['h9xk01']],
    ['jit console --grant g', ['g7f3k2']],
    ['jit revoke g7f3k2 ', []],
    ['jit help po', ['policy']],
    ['jit help policy ', ['check', 'explain', 'test']],
    ['jit help exit', ['exit-codes']],
    ['jit completion ', ['bash', 'zsh', 'fish']],
    ['jit status -- ', []],
  ])('%s', (line, offered) => {
    expect(askBash(line, alone)).toEqual(offered);
  });

  it('offers commands of the system after "--", and no name of jit', () => {
    const offered = askBash('jit elevate orders-db -- prin', scene.env);
    expect(offered).toContain('printf');
    expect(askBash('jit elevate orders-db -- o', scene.env)).not.toContain('orders-db');
  });

  it.each([
    'jit elevate ',
    'jit elevate orders-',
    'jit elevate orders-evil:',
    'jit elevate orders-evil --scope ',
    'jit revoke ',
    'jit doctor a',
    'jit elevate $(: >RAN) ',
    'jit elevate `: >RAN` --scope ',
    'jit elevate "a[$(: >RAN)]" --scope ',
    'jit $(: >RAN) a[$(: >RAN)] --role=a[$(: >RAN)] --scope ',
    'jit elevate --for a[$(: >RAN)]',
    'jit elevate *',
  ])('runs nothing and offers only names for: %s', (line) => {
    const offered = askBash(line.replaceAll('RAN', scene.ran), scene.env);
    expect(offered.filter((word) => !/^[a-z0-9:.-]+$/.test(word))).toEqual([]);
    expect(offered.filter((word) => /quote|evil|tab|^x1$/.test(word))).toEqual([]);
    expect(existsSync(scene.ran)).toBe(false);
  });

  it.each([
    ['set -eu', 'set -eu'],
    ['POSIX mode', 'set -o posix'],
    ['an odd IFS', 'IFS=-:'],
    ['a bash without mapfile, as 3.2 is', 'enable -n mapfile'],
    ['failglob', 'shopt -s failglob nullglob'],
    ['the ranges of another locale', 'shopt -u globasciiranges'],
  ])('works with %s', (_what, before) => {
    for (const [line, offered] of [
      ['jit elevate orders-db:r', ['read']],
      ['jit elevate orders-db --scope c', ['customers']],
      ['jit revoke h', ['h9xk01']],
      ['jit elevate zzz', []],
    ] as const) {
      expect(askBash(line, alone, { before })).toEqual(offered);
    }
  });

  it('adds what readline would drop where ":" and "=" do not part words', () => {
    const before = "COMP_WORDBREAKS=' '";
    expect(askBash('jit elevate orders-db:w', alone, { before })).toEqual(['orders-db:write']);
    expect(askBash('jit elevate --for=3', alone, { before })).toEqual(['--for=30m']);
  });

  it('finds each of many targets, whatever begins the same', () => {
    const many = completionScene(
      temporaryFolder(),
      Array.from({ length: 500 }, (_, index) => `t${index}${index % 3 ? '-db' : '.x'} read${index}`),
    );
    for (const index of [0, 1, 10, 99, 100, 250, 499]) {
      const name = `t${index}${index % 3 ? '-db' : '.x'}`;
      expect(askBash(`jit elevate ${name}`, many.env)).toEqual([name, `${name}:read${index}`]);
      expect(askBash(`jit elevate ${name} --role `, many.env)).toEqual([`read${index}`]);
    }
    expect(askBash('jit elevate t', many.env)).toHaveLength(500);
  });

  it('offers no names without the files of a broker', () => {
    const env = { ...alone, JIT_STATE_DIR: '/nonexistent' };
    for (const line of ['jit elevate ', 'jit elevate a:', 'jit revoke ', 'jit elevate a --scope ']) {
      expect(askBash(line, env)).toEqual([]);
    }
  });
});
