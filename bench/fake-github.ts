// The server of `token`, in a process of its own, because the bench waits for its programs without serving anybody.
// A program; it prints one line of JSON, how to reach it and as whom, and ends with its standard input.

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { startFakeGithub } from '../test/fakes/github/server.ts';
import { privateKey } from '../test/fakes/github/state.ts';
import { createWorld } from '../test/support/world.ts';

const github = await startFakeGithub();
const { id } = github.account.install('acme');
for (const name of ['web-one', 'web-two']) github.account.addRepository('acme', name);
const world = createWorld('');
const key = path.join(world.dir, 'app.pem');
writeFileSync(key, privateKey, { mode: 0o600 });
world.writeConfig(`
version: 1
targets:
  repos:
    provider: github
    app_id: 4711
    private_key: file:${key}
    owner: acme
    base_url: ${github.url}
    git_url: https://github.com
    roles:
      read: { repositories: [web-one, web-two], permissions: { contents: read } }
entitlements:
  - { name: read, who: ["$ME"], roles: ["*:read"], max_duration: 1h }
`);
process.stdout.write(`${JSON.stringify({ env: world.env, url: github.url, key, installation: id })}\n`);
process.stdin.resume();
await once(process.stdin, 'end');
await world.remove();
await github.close();
