import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodesOf } from '../../../src/cli/completion/model.ts';
import { replaceGenerated } from '../../../src/cli/completion/script.ts';
import { renderCompletions } from '../../../src/cli/completion/scripts.ts';
import { arg, defineCommand, opt } from '../../../src/cli/define-command.ts';
import { registry } from '../../../src/cli/registry.ts';
import { completions } from './scene.ts';

const checkedIn = (file: string): string => readFileSync(path.join(completions, file), 'utf8');

describe('the completion scripts', () => {
  it.each(Object.entries(renderCompletions(registry, checkedIn)))(
    '%s is what the commands say now; npm run generate writes it anew',
    (file, text) => {
      expect(checkedIn(file)).toBe(text);
    },
  );

  it('change with the commands', () => {
    const more = defineCommand({
      name: 'fly away',
      summary: "it's gone: 100% \\ $(touch x)",
      args: { where: arg.required('to', 'target') },
      options: { wings: opt.choice('kind', ['big', 'small'], 'which') },
      examples: [{ command: 'jit fly away', does: 'goes' }],
      run: async () => 0,
    });
    for (const [file, text] of Object.entries(renderCompletions([...registry, more], checkedIn))) {
      expect(text).not.toBe(checkedIn(file));
      expect(text).toContain('--wings');
    }
  });

  it('are refused without the marks of the generated part', () => {
    expect(() => replaceGenerated('complete -F _jit jit\n', 'x')).toThrow('lacks the marks');
  });
});

describe.each([
  { shell: 'bash', completion: 'jit-completion.bash' },
  { shell: 'zsh', completion: '_jit' },
  { shell: 'fish', completion: 'jit-completion.fish' },
])('the completion and the hook of $shell', ({ shell, completion }) => {
  /** Names of the functions that a script makes. */
  const functionsOf = (file: string): string[] =>
    [...checkedIn(file).matchAll(/^ *(?:function ([\w-]+)|([\w-]+) *\(\))/gm)].map(
      ([, fish, other]) => fish ?? other ?? '',
    );

  it('share no function: both live in the same shell, and the later one would break the other', () => {
    const ofCompletion = functionsOf(completion);
    const ofHook = new Set([`jit.${shell}`, `jit-use.${shell}`].flatMap(functionsOf));
    expect(ofCompletion.length).toBeGreaterThan(5);
    expect(ofHook.size).toBeGreaterThan(5);
    expect(ofCompletion.filter((name) => ofHook.has(name))).toEqual([]);
  });
});

describe('what may be completed', () => {
  const nodes = new Map(nodesOf(registry).map((node) => [node.path, node]));

  it('has every command, and every option with a value under each spelling', () => {
    for (const { name, options } of registry) {
      const node = nodes.get(name);
      const taking = Object.entries(options).filter(([, { value }]) => value !== null);
      const spelled = taking.flatMap(([key, { aliases }]) => [key, ...aliases].map((text) => `--${text}`));
      expect(Object.keys(node?.values ?? {}).sort()).toEqual(spelled.sort());
    }
  });

  it('names a role behind a target only where a role is understood', () => {
    expect(nodes.get('elevate')?.args[0]?.kind).toBe('target-role');
    expect(nodes.get('doctor')?.args[0]?.kind).toBe('target');
  });

  it('lets a command of the system follow "--" of elevate alone', () => {
    expect([...nodes.values()].filter(({ rest }) => rest).map(({ path: words }) => words)).toEqual([
      'elevate',
    ]);
  });
});
