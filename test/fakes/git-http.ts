// Git over HTTP as GitHub serves it, by git's own http-backend(1): who may read and write what, a ledger of tokens says.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';

/** What a token may do with a repository (`acme/web-one`); null: it is no token that is alive. */
export type Judge = (token: string, repository: string) => 'none' | 'read' | 'write' | null;

export interface GitServer {
  readonly url: string;
  /** One line per request: `GET /acme/web-one.git/info/refs 200`. */
  readonly log: string[];
  /** An empty repository with one commit of `README.md` on `main`. */
  addRepository(name: string): void;
  /** The text of a file on `main`; null when there is none. */
  read(name: string, file: string): string | null;
  close(): Promise<void>;
}

const env = {
  PATH: process.env['PATH'],
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'test',
  GIT_AUTHOR_EMAIL: 'test@example.com',
  GIT_COMMITTER_NAME: 'test',
  GIT_COMMITTER_EMAIL: 'test@example.com',
};

/** Everything is private: without a token nothing is shown, as on GitHub. */
export async function startGitServer(judge: Judge): Promise<GitServer> {
  const root = mkdtempSync(path.join(os.tmpdir(), 'jit-git-server-'));
  const folder = (name: string): string => path.join(root, `${name}.git`);
  const git = (name: string, ...args: string[]): string =>
    execFileSync('git', ['-C', folder(name), ...args], { env, encoding: 'utf8', stdio: 'pipe' });
  const log: string[] = [];

  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://git');
    const refuse = (status: number): void => {
      log.push(`${request.method} ${url.pathname} ${status}`);
      const headers = status === 401 ? { 'www-authenticate': 'Basic realm="GitHub"' } : {};
      response.writeHead(status, headers).end();
      request.resume();
    };
    const [, repository = ''] = /^\/(.+?)\.git\//.exec(url.pathname) ?? [];
    const [scheme, text = ''] = (request.headers.authorization ?? '').split(' ');
    const [user, ...password] = Buffer.from(text, 'base64').toString().split(':');
    if (scheme !== 'Basic' || user !== 'x-access-token') return refuse(401);
    const right = judge(password.join(':'), repository);
    if (right === null) return refuse(401);
    if (right === 'none') return refuse(404);
    const service = url.searchParams.get('service') ?? url.pathname.split('/').at(-1);
    if (service === 'git-receive-pack' && right !== 'write') return refuse(403);
    const backend = spawn('git', ['http-backend'], {
      env: {
        ...env,
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        REQUEST_METHOD: request.method,
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
        REMOTE_USER: user,
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    backend.stdin.on('error', () => undefined);
    request.pipe(backend.stdin);
    const chunks: Buffer[] = [];
    backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    backend.on('close', () => {
      const answer = Buffer.concat(chunks);
      const end = answer.indexOf('\r\n\r\n');
      const head = answer.subarray(0, end).toString().split('\r\n');
      const headers = Object.fromEntries(head.map((line) => line.split(': ') as [string, string]));
      const { Status: status = '200', ...rest } = headers;
      log.push(`${request.method} ${url.pathname} ${Number.parseInt(status, 10)}`);
      response.writeHead(Number.parseInt(status, 10), rest).end(answer.subarray(end + 4));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    addRepository(name) {
      execFileSync('git', ['init', '-q', '--bare', '-b', 'main', folder(name)], { env });
      git(name, 'config', 'http.receivepack', 'true');
      const blob = execFileSync('git', ['-C', folder(name), 'hash-object', '-w', '--stdin'], {
        env,
        input: `# ${name}\n`,
        encoding: 'utf8',
      }).trim();
      const tree = execFileSync('git', ['-C', folder(name), 'mktree'], {
        env,
        input: `100644 blob ${blob}\tREADME.md\n`,
        encoding: 'utf8',
      }).trim();
      git(name, 'update-ref', 'refs/heads/main', git(name, 'commit-tree', '-m', 'first', tree).trim());
    },
    read(name, file) {
      try {
        return git(name, 'show', `main:${file}`);
      } catch {
        return null;
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          rmSync(root, { recursive: true, force: true });
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
