// A server of GitHub's of one's own, as clients see it: TLS on one port, the API below /api/v3, git everywhere else.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';

export interface TlsFront {
  readonly url: string;
  /** The certificate as a file, for clients to trust: SSL_CERT_FILE (Go), GIT_SSL_CAINFO. */
  readonly certificate: string;
  close(): Promise<void>;
}

const apiPath = '/api/v3';

/** @param api base URL of the API @param git base URL of the git server */
export async function startTlsFront(api: string, git: string): Promise<TlsFront> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'jit-tls-'));
  const [key, certificate] = [path.join(folder, 'key.pem'), path.join(folder, 'certificate.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...curve, ...names, '-keyout', key, '-out', certificate], {
    stdio: 'pipe',
  });
  const server = https.createServer({ key: readFileSync(key), cert: readFileSync(certificate) });
  server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
    const asked = request.url ?? '/';
    const isApi = asked.startsWith(`${apiPath}/`);
    const target = isApi ? api + asked.slice(apiPath.length) : git + asked;
    const { host: _host, ...headers } = request.headers;
    const passed = http.request(target, { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    certificate,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          rmSync(folder, { recursive: true, force: true });
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
