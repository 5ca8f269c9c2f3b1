import { chmodSync, existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { JitError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import { openLogFile } from '../../src/system/log-file.ts';
import { createRedactor } from '../../src/system/redact.ts';
import { FakeClock } from '../fakes/clock.ts';
import { temporaryFolder } from '../fakes/folder.ts';

function open(largest?: number) {
  const file = path.join(temporaryFolder(), 'broker.log');
  const redactor = createRedactor();
  const log = openLogFile({ path: file, clock: new FakeClock(0), redactor, ...(largest && { largest }) });
  onTestFinished(() => log.close());
  return { file, log, redactor, text: () => readFileSync(file, 'utf8') };
}

describe('openLogFile', () => {
  it('writes one line a message, 0600, with time and level', () => {
    const { file, log, text } = open();
    log.info('broker serves');
    log.warn('slow', 'a reason');
    expect(text()).toBe(
      '1970-01-01T00:00:00.000Z info broker serves\n1970-01-01T00:00:00.000Z warn slow (a reason)\n',
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('filters secrets out of messages and of the errors underneath', () => {
    const { log, redactor, text } = open();
    redactor.add(new Secret('planted-secret'));
    const below = new Error('driver says planted-secret');
    log.error('issue failed: planted-secret', new JitError('ERR_INTERNAL', 'x', { cause: below }));
    expect(text()).toContain('because of: Error: Error: driver says [secret]');
    expect(text()).not.toContain('planted-secret');
  });

  it('cannot be made to forge a line or to drive a terminal', () => {
    const { log, text } = open();
    log.info('one\n1970-01-01T00:00:00.000Z error forged\r\u001b[31m\u202e');
    expect(text().split('\n')).toHaveLength(2);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(text()).not.toMatch(/[\u001b\r\u202e]/);
  });

  it('keeps one old file and stays under its size', () => {
    const { file, log } = open(1000);
    for (let i = 0; i < 100; i += 1) log.info(`message ${i}`);
    expect(statSync(file).size).toBeLessThan(1100);
    expect(statSync(`${file}.old`).size).toBeLessThan(1100);
    expect(existsSync(`${file}.old.old`)).toBe(false);
    expect(readFileSync(file, 'utf8') + readFileSync(`${file}.old`, 'utf8')).toContain('message 99');
  });

  it('writes nothing through a symbolic link or into a file that others can read, and does not throw', () => {
    const { file, log } = open();
    const victim = `${file}.victim`;
    writeFileSync(victim, '', { mode: 0o600 });
    symlinkSync(victim, file);
    log.error('for the link');
    rmSync(file);
    writeFileSync(file, '');
    chmodSync(file, 0o644);
    log.error('for the open file');
    expect(readFileSync(victim, 'utf8') + readFileSync(file, 'utf8')).toBe('');
    rmSync(file);
    log.error('for a good file');
    expect(readFileSync(file, 'utf8')).toContain('for a good file');
  });

  it('lives without its folder', () => {
    const log = openLogFile({
      path: '/nonexistent/broker.log',
      clock: new FakeClock(),
      redactor: createRedactor(),
    });
    expect(() => log.error('lost')).not.toThrow();
  });
});
