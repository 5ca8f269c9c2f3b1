import { expect, it } from 'vitest';
import { typedLine } from '../../src/demo/commands.ts';

it('quotes only the words that a shell would take apart', () => {
  const line = typedLine('jit', [
    'elevate',
    'orders-db:read',
    '--for',
    '5m',
    '--',
    'sql',
    'SELECT $1 AS "a"',
  ]);
  expect(line).toBe('jit elevate orders-db:read --for 5m -- sql "SELECT \\$1 AS \\"a\\""');
});
