import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { findBrowser } from '../../src/system/browser.ts';
import { temporaryFolder } from '../fakes/folder.ts';

const all = () => true;

/** A desktop whose opener writes down what it was started with. */
function desktop(code: number) {
  const folder = temporaryFolder();
  const told = path.join(folder, 'told');
  const script = `#!/bin/sh\n{ echo "$@"; env; } > "${told}"\nexit ${code}\n`;
  writeFileSync(path.join(folder, 'xdg-open'), script, { mode: 0o755 });
  const env = { PATH: `relative:${folder}:/usr/bin:/bin`, DISPLAY: ':0' };
  return { env, told: () => readFileSync(told, 'utf8') };
}

describe('findBrowser', () => {
  it('finds none without a screen, without a program, or in a relative folder', () => {
    expect(findBrowser({ PATH: '/usr/bin' }, all, 'linux')).toBeNull();
    expect(findBrowser({ PATH: '/usr/bin', DISPLAY: ':0' }, () => false, 'linux')).toBeNull();
    expect(findBrowser({ PATH: 'bin:.', DISPLAY: ':0' }, all, 'linux')).toBeNull();
    expect(findBrowser({ PATH: '/usr/bin', WAYLAND_DISPLAY: 'w' }, all, 'linux')).not.toBeNull();
    expect(findBrowser({}, (file) => file === '/usr/bin/open', 'darwin')).not.toBeNull();
  });

  it('takes the first program of BROWSER that is there, also without a screen, with its arguments', async () => {
    const { env, told } = desktop(0);
    const { DISPLAY: _, ...bare } = env;
    const open = (BROWSER: string) =>
      findBrowser({ ...bare, BROWSER }, existsSync, 'linux')?.('/run/page.html');
    await open('xdg-open');
    expect(told()).toMatch(/^\/run\/page\.html\n/);
    await open('not-there:./xdg-open:xdg-open --new %s -q');
    expect(told()).toMatch(/^--new \/run\/page\.html -q\n/);
    await open('xdg-open --new');
    expect(told()).toMatch(/^--new \/run\/page\.html\n/);
    expect(findBrowser({ ...bare, BROWSER: 'not-there' }, existsSync, 'linux')).toBeNull();
    expect(findBrowser({ ...bare, BROWSER: '' }, existsSync, 'linux')).toBeNull();
  });

  it('starts the program with the file, and without what a grant put into the environment', async () => {
    const { env, told } = desktop(0);
    const grant = {
      JIT_VARS: 'AWS_SECRET_ACCESS_KEY',
      AWS_SECRET_ACCESS_KEY: 'planted',
      JIT_GRANT_ID: 'g1',
      MINE: 'x',
    };
    await findBrowser({ ...env, ...grant }, existsSync, 'linux')?.('/run/page.html');
    expect(told()).toMatch(/^\/run\/page\.html\n/);
    expect(told()).toContain('MINE=x');
    expect(told()).not.toMatch(/planted|JIT_/);
  });

  it('tells when the program fails', async () => {
    const { env } = desktop(4);
    await expect(findBrowser(env, existsSync, 'linux')?.('/x')).rejects.toMatchObject({
      code: 'ERR_UNSUPPORTED',
      hint: expect.stringContaining('--print'),
    });
  });
});
