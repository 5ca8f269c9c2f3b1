import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readInput } from '../../src/cli/read-input.ts';

describe('readInput', () => {
  it('puts the pieces together, whatever they are made of', async () => {
    const bytes = await readInput(() => Readable.from(['ab', Buffer.from([0xc3]), Buffer.from([0xa9])]), 10);
    expect(Buffer.from(bytes).toString()).toBe('abé');
  });

  it('stops at what is too long, without a word of it', async () => {
    const given = readInput(() => Readable.from(['hunter2', 'hunter2']), 10);
    await expect(given).rejects.toMatchObject({ code: 'ERR_USAGE' });
    await expect(given).rejects.not.toThrow(/hunter2/);
  });
});
