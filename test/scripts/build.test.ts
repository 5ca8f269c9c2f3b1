import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules, createRequire } from 'node:module';
import path from 'node:path';
import { expect, it } from 'vitest';

const root = path.join(import.meta.dirname, '../..');

function filesOf(folder: string): { name: string; text: string }[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.[cm]js$/.test(name))
    .map((name) => ({ name, text: readFileSync(path.join(root, folder, name), 'utf8') }));
}

const mentioning = (folder: string, text: string): string[] =>
  filesOf(folder)
    .filter((file) => file.text.includes(text))
    .map(({ name }) => name);

it('a release cannot be made to die at a failpoint, a test build can', () => {
  expect(mentioning('dist', 'process.env.JIT_FAILPOINT')).toEqual([]);
  expect(mentioning('dist-test', 'process.env.JIT_FAILPOINT')).not.toEqual([]);
});

const commandLine = filesOf('dist').find(({ name }) => name === 'jit.cjs')?.text ?? '';

it('the command line is one file that needs nothing but Node at its start', () => {
  const atStart = commandLine.replace(/get \w+\(\)\{return require\("[^"]+"\)\.\w+\}/g, '');
  const required = [...atStart.matchAll(/(?<![.\w])require\("([^"]+)"\)/g)].map(([, name]) => name ?? '');
  const foreign = required.filter((name) => !name.startsWith('node:') && !builtinModules.includes(name));
  expect(required.length).toBeGreaterThan(0);
  expect(foreign).toEqual([]);
});

it('what the command line loads at its first use has the names that are used', () => {
  const deferred = [...commandLine.matchAll(/get (\w+)\(\)\{return require\("([^"]+)"\)\.\1\}/g)];
  const load = createRequire(path.join(root, 'dist/jit.cjs'));
  expect(deferred.map(([, name]) => name)).toEqual(expect.arrayContaining(['Chalk', 'registry']));
  for (const [, name = '', file = ''] of deferred) expect(load(file)).toHaveProperty(name);
});

it('the command line starts without the parser and colours', () => {
  expect(commandLine).not.toContain('commander.unknownOption');
  expect(mentioning('dist', 'commander.unknownOption')).not.toEqual([]);
});

/** The text of a file of dist/ and of all that it imports before it runs. */
function loadedAtStart(name: string, seen = new Set<string>()): string {
  if (seen.has(name)) return '';
  seen.add(name);
  const { text } = filesOf('dist').find((file) => file.name === name) ?? { text: '' };
  const imported = [...text.matchAll(/(?:^|\s)(?:import|from)\s*"\.\/([^"]+)"/g)].map(
    ([, file]) => file ?? '',
  );
  return text + imported.map((file) => loadedAtStart(file, seen)).join('');
}

it('the broker starts without the code of any vendor', () => {
  expect(loadedAtStart('broker.mjs')).toContain('runBrokerProcess');
  expect(loadedAtStart('broker.mjs')).not.toContain('pg_terminate_backend');
  expect(mentioning('dist', 'pg_terminate_backend')).not.toEqual([]);
});
