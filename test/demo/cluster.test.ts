// Finding a server's programs, and the account it runs as. That clusters work is shown by test/support/postgres.test.ts.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { canReach, temporaryRoot } from '../../src/demo/account.ts';
import { findBinaries } from '../../src/demo/binaries.ts';
import { startCluster } from '../../src/demo/cluster.ts';

describe('finding PostgreSQL', () => {
  it('finds the embedded one unless the installed one is preferred', () => {
    expect(findBinaries()).toMatchObject({ source: 'embedded', major: 18 });
    const installed = mkdtempSync(path.join(tmpdir(), 'jit-installed-'));
    writeFileSync(path.join(installed, 'initdb'), '', { mode: 0o755 });
    writeFileSync(path.join(installed, 'postgres'), '#!/bin/sh\necho "postgres (PostgreSQL) 15.99"\n', {
      mode: 0o755,
    });
    const wanted = { prefer: 'installed', installed: [installed] } as const;
    expect(findBinaries(wanted)).toMatchObject({ source: 'installed', folder: installed, version: '15.99' });
    expect(findBinaries({ ...wanted, major: 18 })).toMatchObject({ source: 'embedded', major: 18 });
    rmSync(installed, { recursive: true });
  });

  it('finds an embedded 15 beside the 18, and takes it where none is installed', () => {
    const embedded = findBinaries({ only: 'embedded', major: 15 });
    expect(embedded).toMatchObject({ source: 'embedded', major: 15 });
    expect(embedded.folder).not.toBe(findBinaries().folder);
    expect(findBinaries({ prefer: 'installed', major: 15, installed: [] })).toEqual(embedded);
    expect(() => findBinaries({ only: 'installed', major: 15, installed: [] })).toThrowError(
      expect.objectContaining({ code: 'ERR_UNSUPPORTED' }),
    );
  });

  it('starts both embedded ones, libraries and all', async () => {
    for (const major of [15, 18]) {
      const cluster = await startCluster({ binaries: findBinaries({ only: 'embedded', major }) });
      expect(cluster.running).toBe(true);
      await cluster.stop('immediate');
    }
  });

  it('says so when there is none of the version asked for', () => {
    expect(() => findBinaries({ major: 9 })).toThrowError(
      expect.objectContaining({ code: 'ERR_UNSUPPORTED', message: expect.stringContaining('PostgreSQL 9') }),
    );
  });
});

describe('the account of a server', () => {
  it('reaches only what is below folders that it may pass', () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'jit-account-'));
    mkdirSync(path.join(dir, 'inner'));
    const account = { uid: 65_000, gid: 65_000 };
    chmodSync(dir, 0o755);
    expect(canReach(account, path.join(dir, 'inner', 'file'))).toBe(true);
    chmodSync(dir, 0o700);
    expect(canReach(account, path.join(dir, 'inner', 'file'))).toBe(false);
    expect(canReach(null, path.join(dir, 'inner', 'file'))).toBe(true);
    rmSync(dir, { recursive: true });
  });

  it('gets a folder short enough for the path of a socket', () => {
    expect(temporaryRoot(null).length).toBeLessThanOrEqual(60);
  });
});

describe('a cluster that cannot be made', () => {
  it('says what initdb said and leaves nothing', async () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'jit-broken-'));
    for (const name of ['initdb', 'postgres']) {
      writeFileSync(path.join(dir, name), '#!/bin/sh\necho "no room here" >&2; exit 1\n', { mode: 0o755 });
    }
    chmodSync(dir, 0o755);
    const binaries = { source: 'installed', folder: dir, version: '18.0', major: 18 } as const;
    await expect(startCluster({ binaries })).rejects.toMatchObject({
      code: 'ERR_UNSUPPORTED',
      message: expect.stringContaining('no room here'),
    });
    rmSync(dir, { recursive: true });
  });
});
