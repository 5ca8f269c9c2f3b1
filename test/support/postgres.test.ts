// Shows that the servers which the other tests stand on are real, separate, and gone afterwards.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { postgresVersions, startPostgres } from './postgres.ts';

describe.each(postgresVersions)('PostgreSQL %i for tests', (version) => {
  it('answers with its version on the socket and refuses a wrong password', async () => {
    const server = await startPostgres({ version });
    try {
      const [row] = await server.sql('SHOW server_version_num');
      expect(Math.floor(Number(row?.['server_version_num']) / 10_000)).toBe(version);
      await expect(server.connect('postgres', 'postgres', 'wrong')).rejects.toMatchObject({ code: '28P01' });
      expect(server.serverLog()).toContain('SHOW server_version_num');
    } finally {
      await server.stop();
    }
    expect(existsSync(server.dir)).toBe(false);
  });

  it('keeps its data over a kill and comes back on the same port', async () => {
    const server = await startPostgres({ version });
    try {
      await server.sql('CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)');
      const { port } = server;
      await server.kill();
      await expect(server.connect()).rejects.toThrow();
      await server.start();
      expect(server.port).toBe(port);
      expect(await server.sql('SELECT n FROM kept')).toEqual([{ n: 7 }]);
    } finally {
      await server.stop('immediate');
    }
  });

  it('stops the server and removes its files when the process that started it is killed', async () => {
    const script = `
      import { startPostgres } from '${new URL('./postgres.ts', import.meta.url).href}';
      const server = await startPostgres({ version: ${version} });
      console.log(server.dir);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [told] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    const log = path.join(String(told).trim(), 'server.log');
    expect(existsSync(log)).toBe(true);
    child.kill('SIGKILL');
    // The folder itself may stay, empty, where the server's account may not remove it.
    for (let i = 0; i < 200 && existsSync(log); i += 1) await delay(50);
    expect(existsSync(log)).toBe(false);
  });
});
