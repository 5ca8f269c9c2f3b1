// What a child is told: git itself is asked what it makes of it.

import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GithubHandle } from '../../../src/providers/github/index.ts';
import type { Issued } from '../../../src/providers/provider.ts';
import { type GithubWorld, githubWorld, listen, soon, tokenOf } from '../../support/github-target.ts';

let world: GithubWorld;
let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'jit-git-'));
});
afterEach(async () => {
  await world?.close();
  rmSync(home, { recursive: true, force: true });
});

/** A child of a user who has a helper for everything, another for the host, and a rewrite to SSH. */
function gitOf(issued: Issued<GithubHandle>, base: string, helper: string) {
  writeFileSync(
    path.join(home, '.gitconfig'),
    `[credential]\n helper = "!echo username=mine; echo password=WIDE; :"\n` +
      `[credential "${base}"]\n helper = "!echo username=mine; echo password=WIDER; :"\n` +
      `[http "${base}"]\n extraHeader = "Authorization: basic V0lERVNU"\n` +
      `[url "ssh://git@${new URL(base).hostname}/"]\n insteadOf = ${base}/\n`,
  );
  const program = path.join(home, 'helper');
  writeFileSync(program, `#!/bin/sh\ncat > ${home}/asked\n${helper}\n`);
  chmodSync(program, 0o700);
  const env = Object.fromEntries(
    Object.entries(issued.handOut.env).map(([name, value]) => [
      name,
      value.startsWith('!') ? `!${program}` : value,
    ]),
  );
  const all = { PATH: process.env['PATH'], HOME: home, GIT_CONFIG_NOSYSTEM: '1', ...env };
  return {
    env: all,
    run: (args: string[], input = '') =>
      execFileSync('git', args, { env: all, input, encoding: 'utf8', stdio: 'pipe' }),
  };
}

const described = (base: string, repository: string): string => {
  const { protocol, host } = new URL(base);
  return `protocol=${protocol.slice(0, -1)}\nhost=${host}\npath=${repository}\n\n`;
};

describe('git in a child', () => {
  it.each(['https://github.com', 'https://ghe.example.com:8443'])(
    'asks the helper at %s, whatever the path, and tells it the path; other hosts keep their own',
    async (base) => {
      world = await githubWorld({ git_url: base });
      const git = gitOf(await world.issue(), base, 'echo username=x-access-token; echo password=JIT');
      for (const repository of ['acme/web-one.git', 'Acme/web-one', 'acme/web-one.git/info/lfs', 'other/x']) {
        expect(git.run(['credential', 'fill'], described(base, repository))).toContain('password=JIT');
        expect(execFileSync('cat', [`${home}/asked`], { encoding: 'utf8' })).toContain(`path=${repository}`);
      }
      const elsewhere = git.run(['credential', 'fill'], described('https://gitlab.example.com', 'acme/x'));
      expect(elsewhere).toContain('password=WIDE');
    },
  );

  it('is not led to SSH, and so to the user’s own key, by a rewrite of the host', async () => {
    world = await githubWorld({ git_url: 'https://github.com' });
    const git = gitOf(await world.issue(), 'https://github.com', ':');
    const at = (url: string) => git.run(['ls-remote', '--get-url', url]).trim();
    expect(at('https://github.com/acme/web-one.git')).toBe('https://github.com/acme/web-one.git');
    expect(at('https://github.com/other/x.git')).toBe('ssh://git@github.com/other/x.git');
  });

  it('fails without asking anybody when the helper has nothing, and no other helper answers instead', async () => {
    world = await githubWorld({ git_url: 'https://github.com' });
    const git = gitOf(await world.issue(), 'https://github.com', 'exit 1');
    expect(() => git.run(['credential', 'fill'], described('https://github.com', 'acme/x'))).toThrow(
      'terminal prompts disabled',
    );
    const quits = gitOf(await world.issue(), 'https://github.com', 'echo quit=1');
    expect(() => quits.run(['credential', 'fill'], described('https://github.com', 'acme/x'))).toThrow(
      'told us to quit',
    );
  });

  it('puts up no window that asks for a password, whatever the user has for that', async () => {
    world = await githubWorld({ git_url: 'https://github.com' });
    const git = gitOf(await world.issue(), 'https://github.com', ':');
    const asker = path.join(home, 'askpass');
    writeFileSync(asker, `#!/bin/sh\ntouch ${home}/was-asked\necho WIDE\n`);
    chmodSync(asker, 0o700);
    execFileSync('git', ['config', '--global', 'core.askPass', asker], { env: git.env });
    const env = { ...git.env, SSH_ASKPASS: asker };
    const input = described('https://github.com', 'other/x');
    expect(() => execFileSync('git', ['credential', 'fill'], { env, input, stdio: 'pipe' })).toThrow(
      'terminal prompts disabled',
    );
    expect(existsSync(path.join(home, 'was-asked'))).toBe(false);
  });

  it('sends the helper’s token and no header of the user’s', async () => {
    const seen: string[] = [];
    const server = http.createServer((request, response) => {
      const [, text = ''] = (request.headers.authorization ?? ' ').split(' ');
      seen.push(Buffer.from(text, 'base64').toString());
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    world = await githubWorld({ git_url: base });
    const issued = await world.issue();
    const git = gitOf(issued, base, 'echo username=x-access-token; echo password=JIT');
    const child = spawn('git', ['ls-remote', `${base}/acme/web-one.git`], { env: git.env, stdio: 'ignore' });
    await new Promise((resolve) => child.on('close', resolve));
    server.close();
    expect(seen).toEqual(['', 'x-access-token:JIT']);
  });
});

describe('the helper', () => {
  it('is given what git asks for, as long as the grant lasts', async () => {
    world = await githubWorld({ git_url: 'https://github.com' });
    const issued = await world.issue();
    const helper = () => issued.handOut.helpers?.['git']?.();
    expect(helper()).toEqual({
      protocol: 'https',
      host: 'github.com',
      path: 'acme',
      username: 'x-access-token',
      password: tokenOf(issued),
      password_expiry_utc: Math.floor(issued.expiresAt / 1000),
    });
    await world.provider.revoke(issued.handle, 'revoked', listen().report, soon());
    expect(helper).toThrow(expect.objectContaining({ code: 'ERR_GRANT_ENDED' }));
  });

  it('is named with its grant, in variables of the child alone, and no token is among them', async () => {
    world = await githubWorld();
    const wanted = world.request();
    const issued = await world.provider.issue(world.provider.plan(wanted).handle, wanted, soon());
    const { env, files, unset } = issued.handOut;
    expect(Object.values(env)).toContain(`!/usr/bin/jit credential git --grant ${wanted.grant}`);
    expect(files).toEqual([]);
    expect(JSON.stringify(env)).not.toContain(tokenOf(issued));
    expect(unset).toEqual(expect.arrayContaining(['GH_TOKEN', 'GITHUB_TOKEN']));
  });
});

describe('exported tokens', () => {
  it('have the names that gh reads for github.com and for tenants', async () => {
    for (const git_url of ['https://github.com', 'https://acme.ghe.com']) {
      world = await githubWorld({ git_url });
      const { env, exports, always } = (await world.issue()).handOut;
      expect(Object.keys(exports['env'] ?? {})).toEqual(['GH_TOKEN', 'GITHUB_TOKEN']);
      expect(env).not.toHaveProperty('GH_HOST');
      expect(always).toBeUndefined();
      await world.close();
    }
  });

  it('never have the names of github.com for a server of one’s own', async () => {
    world = await githubWorld({ git_url: 'https://ghe.example.com', export: 'env' });
    const { env, exports, always } = (await world.issue()).handOut;
    expect(Object.keys(exports['env'] ?? {})).toEqual(['GH_ENTERPRISE_TOKEN', 'GITHUB_ENTERPRISE_TOKEN']);
    expect(env['GH_HOST']).toBe('ghe.example.com');
    expect(always).toBe('env');
  });
});
