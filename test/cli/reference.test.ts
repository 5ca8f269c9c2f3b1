import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderCommandsReference } from '../../src/cli/reference.ts';

describe('docs/commands.md', () => {
  it('is what the commands say now; npm run generate writes it anew', () => {
    const file = path.join(import.meta.dirname, '../../docs/commands.md');
    expect(readFileSync(file, 'utf8')).toBe(renderCommandsReference());
  });
});
