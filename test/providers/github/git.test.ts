// A real git, over HTTP, with what a grant hands out, against a git server that asks the ledger what each token may do.

import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { GithubHandle } from '../../../src/providers/github/index.ts';
import type { Issued } from '../../../src/providers/provider.ts';
import { childEnvironment } from '../../../src/shell/environment.ts';
import { type GitServer, startGitServer } from '../../fakes/git-http.ts';
import { type GithubWorld, githubWorld, listen, minute, readTwo, soon } from '../../support/github-target.ts';
import { finish, type Ran } from '../../support/world.ts';

let world: GithubWorld;
let server: GitServer;
let home: string;

beforeEach(async () => {
  home = mkdtempSync(path.join(os.tmpdir(), 'jit-git-'));
  server = await startGitServer((token, repository) => {
    const found = world.github.account.live().find((one) => one.token === token);
    if (!found) return null;
    const seen = world.github.account.seenBy(found.installation, found.repositories);
    const isSeen = seen.some(({ owner, name }) => `${owner}/${name}` === repository);
    return isSeen ? ((found.permissions['contents'] as 'read' | 'write' | undefined) ?? 'none') : 'none';
  });
  world = await githubWorld(
    { git_url: server.url },
    { read: readTwo, write: { repositories: ['web-one'], permissions: { contents: 'write' } } },
  );
  for (const name of ['acme/web-one', 'acme/api']) server.addRepository(name);
  // What the user has of their own must not be what makes it work.
  writeFileSync(
    path.join(home, '.gitconfig'),
    '[user]\n name = ada\n email = ada@example.com\n[credential]\n helper = "!echo username=x-access-token; echo password=WIDE; :"\n',
  );
});
afterEach(async () => {
  await world.close();
  await server.close();
  rmSync(home, { recursive: true, force: true });
});

const root = path.join(import.meta.dirname, '../../..');

function answerOf(issued: Issued<GithubHandle>): Readonly<Record<string, string | number>> | null {
  try {
    return issued.handOut.helpers?.['git']?.() ?? null;
  } catch {
    return null;
  }
}

/** Runs git as a child of the grant; its helper answers by jit's own rules with what the provider gives, each time anew. */
async function git(issued: Issued<GithubHandle>, ...args: string[]): Promise<Ran> {
  const [program, rules] = [path.join(home, 'helper'), path.join(home, 'helper.mjs')];
  writeFileSync(path.join(home, 'answer'), JSON.stringify(answerOf(issued)));
  writeFileSync(
    rules,
    `import { readFileSync } from 'node:fs';
import { answerFor, askedFor } from ${JSON.stringify(path.join(root, 'src/cli/git-credential.ts'))};
const answer = JSON.parse(readFileSync(${JSON.stringify(path.join(home, 'answer'))}, 'utf8'));
const lines = answer === null ? ['quit=1'] : answerFor(askedFor(readFileSync(0)), answer);
if (process.argv[2] === 'get') process.stdout.write(lines.map((line) => line + '\\n').join(''));
`,
  );
  writeFileSync(program, `#!/bin/sh\nexec ${process.execPath} ${rules} "$@"\n`);
  chmodSync(program, 0o700);
  const env = Object.fromEntries(
    Object.entries(issued.handOut.env).map(([name, value]) => [
      name,
      value.startsWith('!') ? `!${program}` : value,
    ]),
  );
  const child = childEnvironment({
    baseEnv: { PATH: process.env['PATH'], HOME: home, GIT_CONFIG_NOSYSTEM: '1', GITHUB_TOKEN: 'wide' },
    env,
    unset: issued.handOut.unset,
    secrets: [],
    extension: null,
    grant: { id: 'g1', target: 'repos', role: 'read', risk: 'medium', deadline: 0 },
    terms: { warn: [], notify: [] },
    stateFile: '/none',
  });
  return finish(spawn('git', args, { env: child, cwd: home }));
}

const at = (name: string): string => `${server.url}/${name}.git`;

it('clones what the token may read, and nothing else', async () => {
  const issued = await world.issue();
  expect(await git(issued, 'clone', '-q', at('acme/web-one'), 'clone')).toMatchObject({ code: 0 });
  expect(readFileSync(path.join(home, 'clone/README.md'), 'utf8')).toContain('acme/web-one');
  expect(readFileSync(path.join(home, 'clone/.git/config'), 'utf8')).not.toContain('ghs_');
  const other = await git(issued, 'clone', '-q', at('acme/api'), 'other');
  expect(other.code).toBe(128);
  expect(other.stderr).toContain('not found');
  expect(existsSync(path.join(home, 'other'))).toBe(false);
});

async function push(issued: Issued<GithubHandle>): Promise<Ran> {
  await git(issued, 'clone', '-q', at('acme/web-one'), 'clone');
  writeFileSync(path.join(home, 'clone/new'), 'new\n');
  await git(issued, '-C', 'clone', 'add', 'new');
  await git(issued, '-C', 'clone', 'commit', '-q', '-m', 'new');
  return git(issued, '-C', 'clone', 'push', '-q', 'origin', 'main');
}

it('pushes with a token that may write', async () => {
  expect(await push(await world.issue({ role: 'write' }))).toMatchObject({ code: 0 });
  expect(server.read('acme/web-one', 'new')).toBe('new\n');
});

it('cannot push with one that may read', async () => {
  const ran = await push(await world.issue());
  expect(ran.code).toBe(128);
  expect(ran.stderr).toContain('403');
  expect(server.read('acme/web-one', 'new')).toBeNull();
});

it('goes on with the next token in a grant of hours', async () => {
  const wanted = world.request({ length: 180 * minute });
  const issued = await world.provider.issue(world.provider.plan(wanted).handle, wanted, soon());
  await git(issued, 'clone', '-q', at('acme/web-one'), 'clone');
  world.github.advance(51 * minute);
  await world.provider.refresh?.(issued.handle, wanted, soon(), () => undefined);
  world.github.advance(30 * minute);
  expect(await git(issued, '-C', 'clone', 'fetch', '-q')).toMatchObject({ code: 0 });
});

it('is refused everything after revoke, and does not fall back to the user’s own', async () => {
  const issued = await world.issue();
  await git(issued, 'clone', '-q', at('acme/web-one'), 'clone');
  await world.provider.revoke(issued.handle, 'revoked', listen().report, soon());
  const before = server.log.length;
  const ran = await git(issued, '-C', 'clone', 'fetch', '-q');
  expect(ran.code).toBe(128);
  expect(server.log.slice(before)).toEqual([`GET /acme/web-one.git/info/refs 401`]);
});
