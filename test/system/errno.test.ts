import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errnoOf, errnoText, readErrnoHint, readErrnoText, writeErrnoHint } from '../../src/system/errno.ts';

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

describe('what people are told of a file', () => {
  const failed = (code: string) => Object.assign(new Error('planted'), { code });

  it('is words, also for what a disk or its mount refuses', () => {
    expect(errnoText(failed('ENOSPC'))).toBe('the disk is full');
    expect(errnoText(failed('EROFS'))).toBe('the file system is read-only');
    expect(errnoText(failed('EISDIR'))).toBe('it is a folder');
    expect(errnoText(failed('EACCES'))).toBe('not allowed (EACCES)');
    expect(errnoText(new Error('planted'))).toBe('unknown error');
  });

  it('tells a missing file from the missing folder of one that is written', () => {
    expect(readErrnoText(failed('ENOENT'))).toBe('there is no such file');
    expect(errnoText(failed('ENOENT'))).toBe('the folder does not exist');
  });

  it('names what helps: rights, room, or another place', () => {
    expect(readErrnoHint(failed('EACCES'), 'elsewhere')).toContain('read it');
    expect(readErrnoHint(failed('ENOENT'), 'elsewhere')).toBe('elsewhere');
    expect(writeErrnoHint(failed('ENOSPC'), 'elsewhere')).toBe('make room on the disk');
    expect(writeErrnoHint(failed('EROFS'), 'elsewhere')).toBe('elsewhere');
  });
});
