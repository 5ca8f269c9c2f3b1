import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  checkPrivateDirectory,
  ensurePrivateDirectory,
  quote,
  refuseForeignIdentity,
} from '../../src/system/directories.ts';
import { temporaryFolder } from '../fakes/folder.ts';

const isRoot = process.getuid?.() === 0;
const unsafe = (why: string, hint = '') =>
  expect.objectContaining({
    code: 'ERR_UNSAFE_PATH',
    message: expect.stringContaining(why),
    hint: expect.stringContaining(hint),
  });

describe('ensurePrivateDirectory', () => {
  it('makes the directory and its parents 0700 even under the umask of the broker', () => {
    const folder = temporaryFolder();
    const script = `process.umask(0o177);
      (await import(${JSON.stringify(path.resolve('src/system/directories.ts'))})).ensurePrivateDirectory('a/b/c');`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd: folder });
    expect(run.status, String(run.stderr)).toBe(0);
    for (const made of ['a', 'a/b', 'a/b/c']) {
      expect(statSync(path.join(folder, made)).mode & 0o777).toBe(0o700);
    }
  });

  it('takes a private directory as it is', () => {
    const folder = temporaryFolder();
    ensurePrivateDirectory(folder);
    expect(checkPrivateDirectory(folder)).toBe('private');
  });

  it.each([0o750, 0o705, 0o770, 0o1777])(
    'refuses mode %o, says how to mend it, and leaves it alone',
    (mode) => {
      const folder = path.join(temporaryFolder(), 'run');
      mkdirSync(folder);
      chmodSync(folder, mode);
      expect(() => ensurePrivateDirectory(folder)).toThrow(
        unsafe('others may enter it', `chmod 700 ${folder}`),
      );
      expect(statSync(folder).mode & 0o7777).toBe(mode);
    },
  );

  it('refuses a symbolic link, even to a private directory', () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, 'real'), { mode: 0o700 });
    symlinkSync('real', path.join(folder, 'link'));
    expect(() => ensurePrivateDirectory(path.join(folder, 'link'))).toThrow(unsafe('symbolic link'));
    symlinkSync('nowhere', path.join(folder, 'dangling'));
    expect(() => ensurePrivateDirectory(path.join(folder, 'dangling'))).toThrow(unsafe('symbolic link'));
  });

  it('refuses a file, and a path through a file', () => {
    const file = path.join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    expect(() => ensurePrivateDirectory(file)).toThrow(unsafe('not a directory'));
    expect(() => ensurePrivateDirectory(path.join(file, 'below'))).toThrow(unsafe('its folder is no folder'));
  });

  it("refuses another user's directory", () => {
    // As root another user's directory can be made; as anybody else, the root directory is one.
    const folder = isRoot ? temporaryFolder() : '/';
    if (isRoot) chownSync(folder, 65534, 65534);
    expect(() => ensurePrivateDirectory(folder)).toThrow(unsafe(`belongs to uid ${isRoot ? 65534 : 0}`));
  });
});

describe('checkPrivateDirectory', () => {
  it('tells a missing directory from an unsafe one', () => {
    expect(checkPrivateDirectory(path.join(temporaryFolder(), 'none'))).toBe('missing');
  });
});

describe('refuseForeignIdentity', () => {
  it('accepts the own home, none, and one that does not exist', () => {
    for (const HOME of [temporaryFolder(), undefined, '/nonexistent/home']) {
      expect(() => refuseForeignIdentity({ HOME })).not.toThrow();
    }
  });

  it("refuses somebody else's home, as sudo without -H leaves it", () => {
    const home = isRoot ? temporaryFolder() : '/';
    if (isRoot) chownSync(home, 65534, 65534);
    expect(() => refuseForeignIdentity({ HOME: home })).toThrow(unsafe('HOME belongs to uid', 'sudo -H'));
  });

  it('refuses to run with an effective user that is not the real one', () => {
    // Only root can change its effective uid; anybody else shows that equal ones pass.
    const script = `if (${isRoot}) process.seteuid(65534);
      const { refuseForeignIdentity } = await import(${JSON.stringify(path.resolve('src/system/directories.ts'))});
      try { refuseForeignIdentity({}); process.stdout.write('passed'); }
      catch (error) { process.stdout.write(error.code + ' ' + error.message); }`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(run.stdout, run.stderr).toMatch(isRoot ? /^ERR_UNSAFE_PATH .*set-uid/ : /^passed$/);
  });
});

describe('quote', () => {
  it('makes one word of a shell from any path', () => {
    const nasty = `/tmp/it's $(here) "now"`;
    const { stdout } = spawnSync('/bin/sh', ['-c', `printf %s ${quote(nasty)}`], { encoding: 'utf8' });
    expect(stdout).toBe(nasty);
    expect(quote('/run/user/0/jit')).toBe('/run/user/0/jit');
  });
});
