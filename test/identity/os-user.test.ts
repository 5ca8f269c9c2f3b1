import { spawnSync } from 'node:child_process';
import os from 'node:os';
import { describe, expect, it, vi } from 'vitest';
import { isPrincipal } from '../../src/core/principal.ts';
import { currentPrincipal } from '../../src/identity/os-user.ts';

describe('currentPrincipal', () => {
  it('is the user that the system names, whatever the environment says', () => {
    vi.stubEnv('USER', 'mallory');
    vi.stubEnv('LOGNAME', 'mallory');
    const name = spawnSync('id', ['-un'], { encoding: 'utf8' }).stdout.trim();
    expect(currentPrincipal()).toBe(`user:${name}`);
  });

  it('is made of the uid where the user database has no name for it, or one that no principal can have', () => {
    const uid = process.getuid?.();
    const userInfo = vi.spyOn(os, 'userInfo').mockImplementation(() => {
      throw new Error('ENOENT');
    });
    expect(currentPrincipal()).toBe(`user:uid-${uid}`);
    expect(isPrincipal(currentPrincipal())).toBe(true);
    userInfo.mockReturnValue({ username: 'two words', uid: 0, gid: 0, shell: null, homedir: '/' });
    expect(currentPrincipal()).toBe(`user:uid-${uid}`);
  });
});
