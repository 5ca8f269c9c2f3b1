import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { registry } from '../../../src/cli/registry.ts';
import { topics } from '../../../src/cli/topics/all.ts';
import { environmentTopic, internalVariables } from '../../../src/cli/topics/environment.ts';
import type { Topic } from '../../../src/cli/topics/topic.ts';
import { jit } from '../harness.ts';

const root = path.join(import.meta.dirname, '../../..');

function filesUnder(folder: string): string[] {
  const entries = readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true });
  return entries.filter((one) => one.isFile()).map((one) => path.join(one.parentPath, one.name));
}

/** The whole names, not the variables `_JIT_…` of the hooks' own. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/(?<![A-Za-z0-9_])JIT_[A-Z]+(?:_[A-Z]+)*(?![A-Za-z0-9_])/g)].map(([name]) => name);
}

function textOf({ parts }: Topic): string {
  return parts
    .map((part) => (typeof part === 'string' ? part : part.rows.map((row) => row.join(' ')).join('\n')))
    .join('\n');
}

describe('the topic environment', () => {
  const sources = [...filesUnder('src'), ...filesUnder('completions'), ...filesUnder('bin')].filter(
    (file) => !file.includes(`${path.sep}topics${path.sep}`),
  );
  const used = new Set(sources.flatMap((file) => namesIn(readFileSync(file, 'utf8'))));
  const listed = new Set(namesIn(textOf(environmentTopic)));

  it('has every variable of the source, unless it is internal', () => {
    expect(used.size).toBeGreaterThan(20);
    expect([...used].filter((name) => !listed.has(name) && !internalVariables.includes(name))).toEqual([]);
  });

  it('has no variable that nothing reads or sets', () => {
    expect([...listed, ...internalVariables].filter((name) => !used.has(name))).toEqual([]);
  });

  it('calls none internal that it lists', () => {
    expect(internalVariables.filter((name) => listed.has(name))).toEqual([]);
  });
});

describe('jit help', () => {
  it('lists every topic, and shows each', async () => {
    const { stdout: all } = await jit(['help']);
    for (const { name, summary, title } of topics) {
      expect(all).toMatch(new RegExp(`^ {2}${name} +${summary.replaceAll('.', '\\.')}`, 'm'));
      const { code, stdout } = await jit(['help', name]);
      expect([code, stdout.split('\n')[0]]).toEqual([0, title]);
    }
  });

  it('keeps lines of topics short enough for a terminal', async () => {
    for (const { name } of topics) {
      const { stdout } = await jit(['help', name]);
      expect(stdout.split('\n').filter((line) => line.length > 140)).toEqual([]);
    }
  });

  it('guesses a topic as it guesses a command', async () => {
    expect((await jit(['help', 'enviroment'])).stderr).toContain('did you mean: jit help environment');
    expect((await jit(['help', 'elevat'])).stderr).toContain('did you mean: jit help elevate');
  });

  it('has no topic with the name of a command or group', () => {
    const words = registry.map(({ name }) => name.split(' ')[0]);
    expect(topics.filter(({ name }) => words.includes(name))).toEqual([]);
  });
});
