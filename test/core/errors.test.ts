import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { describe, expect, it } from 'vitest';
import { hasCode, JitError, toJitError } from '../../src/core/errors.ts';

/** The class once more, as the copy in another bundle. */
async function otherCopy(): Promise<typeof JitError> {
  const source = readFileSync(new URL('../../src/core/errors.ts', import.meta.url), 'utf8');
  const url = `data:text/javascript,${encodeURIComponent(stripTypeScriptTypes(source))}`;
  return ((await import(/* @vite-ignore */ url)) as { JitError: typeof JitError }).JitError;
}

describe('JitError', () => {
  it('of another bundle is known for what it is', async () => {
    const Other = await otherCopy();
    expect(Other).not.toBe(JitError);
    const error = new Other('ERR_CONFLICT', 'it is taken');
    expect(error).toBeInstanceOf(JitError);
    expect(toJitError(error)).toBe(error);
    expect(hasCode(error, 'ERR_CONFLICT')).toBe(true);
  });

  it.each([new Error('x'), { code: 'ERR_CONFLICT', message: 'x', name: 'JitError' }, null, 'ERR_CONFLICT'])(
    'is not %o, which becomes the unforeseen',
    (thrown) => {
      expect(thrown instanceof JitError).toBe(false);
      expect(toJitError(thrown)).toMatchObject({ code: 'ERR_INTERNAL', cause: thrown });
    },
  );
});
