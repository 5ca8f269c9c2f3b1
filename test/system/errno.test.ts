import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errnoOf } from '../../src/system/errno.ts';

describe('errnoOf', () => {
  it('names errors of the system and nothing else', () => {
    let thrown: unknown;
    try {
      readFileSync('/nonexistent/file');
    } catch (error) {
      thrown = error;
    }
    expect(errnoOf(thrown)).toBe('ENOENT');
    for (const other of [new Error('planted'), { code: 'ENOENT' }, 'ENOENT', null]) {
      expect(errnoOf(other)).toBe('unknown error');
    }
  });
});
