import { expect, test } from 'vitest';
import { parseEventName } from '../../src/audit/event-name.ts';

const leaf = 'ab'.repeat(32);

test.each([
  [leaf, { leaf }],
  ['0', { leaf: null, origin: null, seq: 0 }],
  ['41', { leaf: null, origin: null, seq: 41 }],
  ['jit.7h2k9d3f5g6h8j1k:41', { leaf: null, origin: 'jit.7h2k9d3f5g6h8j1k', seq: 41 }],
  ['jit.7h2k9d3f5g6h8j1k/2:0', { leaf: null, origin: 'jit.7h2k9d3f5g6h8j1k/2', seq: 0 }],
])('%s names an event', (text, name) => {
  expect(parseEventName(text)).toEqual(name);
});

test.each([
  '',
  '-1',
  '041',
  '1.0',
  '1e3',
  ' 1',
  '1\n',
  'jit.7h2k:',
  ':4',
  'jit.7h2k:-1',
  'jit.7h2k:04',
  leaf.toUpperCase(),
  leaf.slice(1),
  '9'.repeat(16),
  'jit.7h2k',
])('"%s" names none', (text) => {
  expect(parseEventName(text)).toBeNull();
});
