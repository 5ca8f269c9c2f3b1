import { describe, expect, test } from 'vitest';
import { kinds } from '../../src/broker/providers.ts';
import { JitError } from '../../src/core/errors.ts';
import { loadConfig } from '../../src/policy/load.ts';

const base = `
version: 1
targets:
  c: { provider: command, issue: [/bin/true], revoke: [/bin/true], roles: { r: {} } }
entitlements: []
`;
function channels(yaml: string) {
  const text = `${base}alerts:\n${yaml}\n`;
  try {
    return loadConfig({ path: 'jit.yaml', text, kinds, readFile: () => '' }).alerts;
  } catch (thrown) {
    return thrown as JitError;
  }
}

describe('the section alerts', () => {
  test('names its channels by kind, in order, and never by an address', () => {
    const found = channels(`  - webhook: env:HOOK
  - { webhook: "https://hooks.example.com/x", format: json }
  - { command: [page, --now] }
  - { desktop: true }`);
    expect(found).toEqual([
      { kind: 'webhook', name: 'webhook-1', url: 'env:HOOK', format: 'slack' },
      { kind: 'webhook', name: 'webhook-2', url: 'https://hooks.example.com/x', format: 'json' },
      { kind: 'command', name: 'command-1', argv: ['page', '--now'] },
      { kind: 'desktop', name: 'desktop-1' },
    ]);
  });

  test.each([
    '  - { webhook: "http://hooks.example.com/planted-secret" }',
    '  - { webhook: "ftp://planted-secret" }',
    '  - { webhook: planted-secret }',
    '  - { webhook: [planted-secret] }',
    '  - { webhook: "https://h.example/planted-secret", desktop: true }',
    '  - { webhook: "https://h.example/planted-secret", format: planted-secret-2 }',
    '  - { desktop: true, format: json }',
    '  - { command: [] }',
    '  - { desktop: false }',
    '  - {}',
    '  - https://planted-secret',
  ])('refuses without telling what may be a secret: %s', (yaml) => {
    const found = channels(yaml);
    expect(found).toBeInstanceOf(JitError);
    expect(found).toMatchObject({ code: 'ERR_CONFIG' });
    expect((found as JitError).message).not.toContain('planted');
  });
});
