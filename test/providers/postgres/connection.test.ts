// Connections that break, hang or are cut at the worst moment.

import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import {
  issue,
  openProvider,
  prepare,
  quickClock,
  requestFor,
  revoke,
  targetOn,
} from '../../support/postgres-target.ts';

/** A TCP server on a free port; `close` ends its connections. With `allowHalfOpen` it answers no goodbye. */
async function listen(onSocket: (socket: net.Socket) => void, { allowHalfOpen = false } = {}) {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    onSocket(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    sockets,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('a server that says nothing', () => {
  it('is unreachable after the connect timeout, and at once when the signal aborts', async () => {
    const silent = await listen(() => undefined);
    try {
      const at = { host: '127.0.0.1', port: silent.port };
      const short = openProvider(targetOn(at, { connect_timeout: '1s' }));
      await expect(issue(short, 'read')).rejects.toMatchObject({ code: 'ERR_TARGET_UNREACHABLE' });
      const long = openProvider(targetOn(at, { connect_timeout: '1h' }));
      const request = requestFor('read');
      const stop = new AbortController();
      const call = long.issue(long.plan(request).handle, request, stop.signal);
      while (silent.sockets.size === 0) await new Promise(setImmediate);
      stop.abort();
      await expect(call).rejects.toMatchObject({ code: 'ERR_TARGET_UNREACHABLE' });
    } finally {
      await silent.close();
    }
  });

  it('refuses to speak to a server without TLS when TLS is wanted', async () => {
    const plain = await listen((socket) => socket.on('data', () => socket.end('N')));
    try {
      const provider = openProvider(
        targetOn({ host: '127.0.0.1', port: plain.port }, { sslmode: 'verify-full' }),
      );
      await expect(issue(provider, 'read')).rejects.toMatchObject({ code: 'ERR_TARGET_REFUSED' });
      const lost = targetOn(
        { host: '127.0.0.1', port: plain.port },
        { sslmode: 'verify-ca', ssl_root_cert: '/no/such' },
      );
      await expect(issue(openProvider(lost), 'read')).rejects.toMatchObject({
        code: 'ERR_TARGET_REFUSED',
        message: expect.stringContaining('ssl_root_cert'),
      });
    } finally {
      await plain.close();
    }
  });
});

describe('a connection that is cut', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version: 18 });
    await prepare(server);
  });
  afterAll(() => server.stop());

  /** Passes everything on until the client sends `word`; then the answer is lost, with or without the word. */
  const cutAt = (word: string, isDelivered: boolean) =>
    listen((client) => {
      const upstream = net.connect(server.port, '127.0.0.1');
      upstream.on('error', () => undefined).on('close', () => client.destroy());
      client.on('close', () => upstream.end());
      let isCut = false;
      upstream.on('data', (chunk) => {
        if (!isCut) client.write(chunk);
        else client.destroy();
      });
      client.on('data', (chunk) => {
        isCut ||= chunk.includes(word);
        if (isCut && !isDelivered) client.destroy();
        else upstream.write(chunk);
      });
    });

  it.each([true, false])(
    'at COMMIT does not claim that nothing was made (delivered: %s)',
    async (isDelivered) => {
      const proxy = await cutAt('COMMIT', isDelivered);
      try {
        const provider = openProvider(targetOn({ host: '127.0.0.1', port: proxy.port }));
        const request = requestFor('read');
        const { handle } = provider.plan(request);
        const call = provider.issue(handle, request, AbortSignal.timeout(30_000));
        await expect(call).rejects.toMatchObject({ code: 'ERR_REVOKE_INCOMPLETE' });
        const made = await server.sql(`SELECT 1 FROM pg_roles WHERE rolname = '${handle.name}'`);
        expect(made).toHaveLength(isDelivered ? 1 : 0);
        const direct = { ...handle, host: server.host, port: server.port };
        await revoke(provider, direct);
        expect(await provider.confirm(direct, AbortSignal.timeout(30_000))).toBe('gone');
      } finally {
        await proxy.close();
      }
    },
  );

  it('is made as the configuration says, whatever the environment holds for other programs', async () => {
    const other = {
      ...{ PGOPTIONS: '-c default_transaction_read_only=on', PGREPLICATION: 'database' },
      ...{ PGSSLNEGOTIATION: 'direct', PGHOST: '192.0.2.1', PGUSER: 'nobody', PGPASSWORD: 'wrong' },
    };
    for (const [name, value] of Object.entries(other)) vi.stubEnv(name, value);
    try {
      const provider = openProvider(targetOn(server));
      const { handle } = await issue(provider, 'read');
      await revoke(provider, handle);
      expect(await provider.confirm(handle, AbortSignal.timeout(30_000))).toBe('gone');
    } finally {
      vi.unstubAllEnvs();
    }
  });

  /** Passes everything on until the client says goodbye (a message of type X); from then on a black hole. */
  const silentAtGoodbye = (onGoodbye: () => void) =>
    listen(
      (client) => {
        const upstream = net.connect(server.port, '127.0.0.1');
        upstream.on('error', () => undefined).on('data', (chunk) => client.write(chunk));
        client.on('close', () => upstream.destroy());
        client.on('data', (chunk) => {
          if (chunk.subarray(-5).equals(Buffer.from('X\0\0\0\x04'))) onGoodbye();
          else upstream.write(chunk);
        });
      },
      { allowHalfOpen: true },
    );

  it('in silence after the work is done is given up soon, with its answer and its place', async () => {
    let goodbyes = 0;
    const proxy = await silentAtGoodbye(() => (goodbyes += 1));
    try {
      const provider = openProvider(targetOn({ host: '127.0.0.1', port: proxy.port }));
      // More than may be connected at once: the last one waits for a place.
      const handles = Array.from({ length: 9 }, () => provider.plan(requestFor('read')).handle);
      const signal = AbortSignal.timeout(30_000);
      const answers = await Promise.all(handles.map((handle) => provider.confirm(handle, signal)));
      expect(answers).toEqual(Array.from({ length: 9 }, () => 'gone'));
      expect(goodbyes).toBe(9);
      expect(signal.aborted).toBe(false);
    } finally {
      await proxy.close();
    }
  });

  it('in silence is given up at once when the signal aborts, and what was made counts as made', async () => {
    const stop = new AbortController();
    const proxy = await silentAtGoodbye(() => stop.abort());
    try {
      const never = { ...quickClock, after: () => () => undefined };
      const provider = openProvider(targetOn({ host: '127.0.0.1', port: proxy.port }), { clock: never });
      const request = requestFor('read');
      const { handle } = await provider.issue(provider.plan(request).handle, request, stop.signal);
      const direct = { ...handle, host: server.host, port: server.port };
      expect(handle.oid).not.toBeNull();
      await revoke(openProvider(targetOn(server)), direct);
    } finally {
      await proxy.close();
    }
  });

  it('before COMMIT is unreachable, and nothing was made', async () => {
    const proxy = await cutAt('CREATE ROLE', true);
    try {
      const provider = openProvider(targetOn({ host: '127.0.0.1', port: proxy.port }));
      await expect(issue(provider, 'read')).rejects.toMatchObject({ code: 'ERR_TARGET_UNREACHABLE' });
      expect(await server.sql(`SELECT rolname FROM pg_roles WHERE rolname LIKE 'jit\\_l%'`)).toEqual([]);
    } finally {
      await proxy.close();
    }
  });
});
