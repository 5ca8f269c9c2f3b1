import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/cli/parse.ts';
import { registry } from '../../src/cli/registry.ts';
import { jit } from './harness.ts';

/** Enough of a shell for the examples: quotes, and an end at a pipe or redirection. */
function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? '',
  );
  const end = words.findIndex((word) => ['|', '>', '<'].includes(word));
  return end === -1 ? words : words.slice(0, end);
}

describe('the registry', () => {
  it('has one file per command and one command per file', () => {
    const folder = path.join(import.meta.dirname, '../../src/cli/commands');
    const files = readdirSync(folder).filter((file) => file !== 'overview.ts');
    expect(files.sort()).toEqual(registry.map(({ name }) => `${name.replace(' ', '-')}.ts`).sort());
  });

  it.each(registry.flatMap(({ name, examples }) => examples.map(({ command }) => [name, command] as const)))(
    'has an example for %s that parses: %s',
    (name, line) => {
      const [first, ...argv] = wordsOf(line);
      expect(first).toBe('jit');
      expect(parseCommandLine(registry, argv, 0).command?.name).toBe(name);
    },
  );

  it.each(registry.map((command) => [command.name, command] as const))(
    'shows help for %s with usage, every option and an example',
    async (name, command) => {
      const ran = await jit([...name.split(' '), '--help']);
      expect(ran.code).toBe(0);
      expect(ran.stderr).toBe('');
      expect(ran.stdout).toContain(`  jit ${name}`);
      for (const key of Object.keys(command.options)) expect(ran.stdout).toContain(`--${key}`);
      expect(ran.stdout.includes('--json')).toBe(command.json !== null);
      expect(ran.stdout).toContain(command.examples[0]?.command);
      expect(ran.client.calls).toEqual([]);
    },
  );
});
