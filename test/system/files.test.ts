import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPrivateFile, removeTree, writeFileAtomic, writeFleetingFile } from '../../src/system/files.ts';
import { temporaryFolder } from '../fakes/folder.ts';

const isRoot = process.getuid?.() === 0;
const unsafe = (why: string) =>
  expect.objectContaining({ code: 'ERR_UNSAFE_PATH', message: expect.stringContaining(why) });

describe.each([
  ['writeFileAtomic', writeFileAtomic],
  ['writeFleetingFile', writeFleetingFile],
])('%s', (_name, write) => {
  it('writes the bytes with mode 0600 and leaves nothing else behind', () => {
    const folder = temporaryFolder();
    write(path.join(folder, 'state'), 'naïve\n');
    expect(readFileSync(path.join(folder, 'state'), 'utf8')).toBe('naïve\n');
    expect(statSync(path.join(folder, 'state')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['state']);
  });

  it('gives mode 0600, whatever the umask', () => {
    const file = path.join(temporaryFolder(), 'bytes');
    const before = process.umask(0o277);
    try {
      write(file, Buffer.from([0, 255]));
    } finally {
      process.umask(before);
    }
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect([...readFileSync(file)]).toEqual([0, 255]);
  });

  it('replaces a symbolic link instead of writing through it', () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'victim'), 'untouched');
    symlinkSync('victim', path.join(folder, 'state'));
    write(path.join(folder, 'state'), 'new');
    expect(readFileSync(path.join(folder, 'victim'), 'utf8')).toBe('untouched');
    expect(lstatSync(path.join(folder, 'state')).isFile()).toBe(true);
  });

  it('keeps the old file and no temporary one when it cannot replace it', () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, 'state', 'full'), { recursive: true });
    expect(() => write(path.join(folder, 'state'), 'new')).toThrow();
    expect(readdirSync(folder)).toEqual(['state']);
  });
});

describe('removeTree', () => {
  it('removes what is inside and never follows a link', () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, 'kept'));
    writeFileSync(path.join(folder, 'kept', 'file'), '');
    mkdirSync(path.join(folder, 'grant'));
    symlinkSync('../kept', path.join(folder, 'grant', 'link'));
    symlinkSync('kept', path.join(folder, 'itself'));
    removeTree(path.join(folder, 'grant'));
    removeTree(path.join(folder, 'itself'));
    removeTree(path.join(folder, 'never there'));
    expect(readdirSync(folder)).toEqual(['kept']);
    expect(readdirSync(path.join(folder, 'kept'))).toEqual(['file']);
  });
});

describe('readPrivateFile', () => {
  function privateFile(content = 'value', mode = 0o600): string {
    const file = path.join(temporaryFolder(), 'secret');
    writeFileSync(file, content);
    chmodSync(file, mode);
    return file;
  }

  it('reads a file that only its owner can read', () => {
    expect(readPrivateFile(privateFile()).toString()).toBe('value');
    expect(readPrivateFile(privateFile('', 0o400))).toHaveLength(0);
  });

  it.each([0o640, 0o604, 0o620, 0o601])('refuses mode %o and says how to mend it', (mode) => {
    const file = privateFile('value', mode);
    expect(() => readPrivateFile(file)).toThrow(
      expect.objectContaining({ code: 'ERR_UNSAFE_PATH', hint: `run: chmod 600 ${file}` }),
    );
  });

  it('refuses a symbolic link', () => {
    const file = privateFile();
    symlinkSync(file, `${file}.link`);
    expect(() => readPrivateFile(`${file}.link`)).toThrow(unsafe('symbolic link'));
  });

  it('refuses a directory, and a named pipe without waiting for its writer', () => {
    const folder = temporaryFolder();
    execFileSync('mkfifo', ['-m', '600', path.join(folder, 'pipe')]);
    expect(() => readPrivateFile(folder)).toThrow(unsafe('not a regular file'));
    expect(() => readPrivateFile(path.join(folder, 'pipe'))).toThrow(unsafe('not a regular file'));
  });

  it('takes as many bytes as allowed and not one more', () => {
    expect(readPrivateFile(privateFile('12345'), 5)).toHaveLength(5);
    expect(() => readPrivateFile(privateFile('123456'), 5)).toThrow(unsafe('more than 5 bytes'));
  });

  it("refuses another user's file", () => {
    // As root such a file can be made; anybody else meets one that root owns.
    const file = isRoot ? privateFile() : '/etc/passwd';
    if (isRoot) chownSync(file, 65534, 65534);
    expect(() => readPrivateFile(file)).toThrow(unsafe('belongs to uid'));
  });

  it('says by the code of the system that there is no such file', () => {
    expect(() => readPrivateFile('/nonexistent/secret')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });
});
