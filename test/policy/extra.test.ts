import { describe, expect, test } from 'vitest';
import { JitError } from '../../src/core/errors.ts';
import { createPolicy } from '../../src/policy/decide.ts';
import { positionIn } from '../../src/policy/problem.ts';
import { base, load } from './fixture.ts';

/** Marks the place that a message has to name; not part of the text. */
const mark = '▶';

const good = 'entitlements:\n  - { name: dev, who: [everyone], roles: ["prod-db:read"], max_duration: 1h }\n';

async function failure(text: string, files: Record<string, string>): Promise<JitError> {
  try {
    await createPolicy(load(text, files));
  } catch (thrown) {
    if (thrown instanceof JitError) return thrown;
    throw thrown;
  }
  throw new Error('the config was taken');
}

describe('a .cedar file', () => {
  const config = `${base}policies: [extra.cedar]\n${good}`;
  test.each([
    ['that does not parse', 'forbid(principal, action, resource)\n  when { ▶; };', 'unexpected token'],
    [
      'that fails validation',
      'forbid(principal, action, resource);\nforbid(principal, action, resource) when { ▶context.foo };',
      'not found',
    ],
    ['with an unknown action', 'forbid(principal, action == ▶Action::"reqest", resource);', 'request'],
    ['with a template', '▶forbid(principal == ?principal, action, resource);', 'template'],
    [
      'with a name twice',
      '@id("a")\nforbid(principal, action, resource);\n▶@id("a")\nforbid(principal is Job, action, resource);',
      'a second policy',
    ],
  ])('%s is refused, naming its own line', async (_what, marked, message) => {
    const text = marked.replace(mark, '');
    const { line, column } = positionIn(text, marked.indexOf(mark));
    const error = await failure(config, { 'extra.cedar': text });
    expect(error.code).toBe('ERR_CONFIG');
    expect(error.message).toContain(`extra.cedar:${line}:${column}: `);
    expect(error.message).toContain(message);
  });

  test('with a chain that would overflow Cedar is refused, and Cedar works on', async () => {
    const text = `forbid(principal, action, resource) when { ${'true && '.repeat(5000)}true };`;
    expect((await failure(config, { 'extra.cedar': text })).code).toBe('ERR_CONFIG');
    await expect(createPolicy(load(`${base}${good}`))).resolves.toBeDefined();
  });
});
