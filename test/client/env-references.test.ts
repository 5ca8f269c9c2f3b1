import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { envReferences } from '../../src/client/env-references.ts';
import { temporaryFolder } from '../fakes/folder.ts';

describe('envReferences', () => {
  it('finds each name once, however it is quoted', () => {
    const config = path.join(temporaryFolder(), 'jit.yaml');
    writeFileSync(
      config,
      `a: env:ONE\nb: "env:_TWO2"\nc: [ 'env:ONE', {d: env:three} ]\n# env:FOUR\nx: notenv:FIVE\n`,
    );
    expect(envReferences(config)).toEqual(['ONE', '_TWO2', 'three', 'FOUR']);
  });

  it('finds none in a file that cannot be read', () => {
    expect(envReferences('/nonexistent/jit.yaml')).toEqual([]);
  });
});
