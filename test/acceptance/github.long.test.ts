// The whole of jit beside a fake GitHub with a ledger: what lives there is compared with what jit says, also when the
// broker is killed in between.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../../src/client/client.ts';
import { type FakeGithub, startFakeGithub } from '../fakes/github/server.ts';
import { privateKey } from '../fakes/github/state.ts';
import { ask } from '../support/github-target.ts';
import { wish } from '../support/request.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

let github: FakeGithub;
let world: World;

const config = (url: string, key: string): string => `
version: 1
targets:
  repos:
    provider: github
    app_id: 4711
    private_key: file:${key}
    owner: acme
    base_url: ${url}
    git_url: https://github.com
    roles:
      read: { repositories: [web-one, web-two], permissions: { contents: read } }
  exported:
    provider: github
    app_id: 4711
    private_key: file:${key}
    owner: acme
    base_url: ${url}
    git_url: https://github.com
    export: env
    roles:
      read: { repositories: [web-*], permissions: { contents: read } }
entitlements:
  - { name: read, who: ["$ME"], roles: ["*:read"], max_duration: 3h }
`;

beforeEach(async () => {
  github = await startFakeGithub();
  github.account.install('acme');
  for (const name of ['web-one', 'web-two', 'api']) github.account.addRepository('acme', name);
  world = createWorld('', 'dist-test');
  const key = path.join(world.dir, 'app.pem');
  const { writeFileSync } = await import('node:fs');
  writeFileSync(key, privateKey, { mode: 0o600 });
  world.writeConfig(config(github.url, key));
});
afterEach(async () => {
  await world.remove();
  await github.close();
});

const readme = '/repos/acme/web-one/contents/README.md';
const elevation = wish({ target: 'repos', role: 'read', duration: 600_000 });

/** Everything that jit keeps, as one text. */
function disk(): string {
  const folders = [world.paths.stateDir, world.paths.runDir];
  return folders
    .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

const events = async (): Promise<{ type: string; data: unknown }[]> => {
  const { stdout } = await world.jit('audit', 'log', '--json');
  return JSON.parse(stdout).events.map(({ body }: { body: unknown }) => body);
};

test('a command gets the token by name, and when it ends the token is dead', async () => {
  const script = 'printf "%s %s" "$GH_TOKEN" "$GIT_CONFIG_COUNT"';
  const ran = await world.jit('elevate', 'exported:read', '--for', '10m', '--', 'sh', '-c', script);
  expect(ran).toMatchObject({ code: 0 });
  const [token = '', count] = ran.stdout.split(' ');
  expect(count).toBe('5');
  expect(github.account.tokens.map((one) => one.token)).toContain(token);
  expect(github.account.live()).toEqual([]);
  expect(await ask(github.url, token, readme)).toBe(401);
  expect(disk()).not.toContain(token);
});

test('without asking for it no command has the token, and no file of jit has it while it lives', async () => {
  const client = await world.client();
  const { env } = await client.elevate(elevation);
  const [made] = github.account.live();
  expect(JSON.stringify(env)).not.toContain(made?.token);
  expect(disk()).toContain(
    made && (await import('node:crypto')).createHash('sha256').update(made.token).digest('base64'),
  );
  expect(disk()).not.toContain(made?.token);
  await client.stop();
  expect(github.account.live()).toEqual([]);
});

describe('a broker that is killed', () => {
  async function dieAt(failpoint: string, act: (client: Client) => Promise<unknown>): Promise<void> {
    const broker = world.startBroker({ JIT_FAILPOINT: `${failpoint}=kill` });
    const died = new Promise((resolve) => broker.once('exit', (_code, signal) => resolve(signal)));
    const client = await until(() => world.client({ start: false }));
    await act(client).catch(() => undefined);
    expect(await died).toBe('SIGKILL');
  }

  test.each(['elevate.after-issue', 'elevate.files-written', 'elevate.after-hand-out'])(
    'at %s has the token on disk, sealed: the next one deletes it',
    async (failpoint) => {
      await dieAt(failpoint, (client) => client.elevate(elevation));
      expect(github.account.live()).toHaveLength(1);
      const client = await world.client();
      await until(() => expect(github.account.live()).toEqual([]));
      await until(async () => expect((await events()).at(-1)?.type).toBe('lease.revoked'));
      await client.stop();
    },
  );

  test.each(['revoke.before-delete', 'revoke.deleted', 'revoke.confirmed'])(
    'at %s is finished by the next one',
    async (failpoint) => {
      await dieAt(failpoint, async (client) => {
        const { grant } = await client.elevate(elevation);
        await client.revoke({ grant: grant.id, all: false, cause: 'revoked' });
      });
      const client = await world.client();
      await until(async () => expect((await events()).at(-1)?.type).toBe('lease.revoked'));
      expect(github.account.live()).toEqual([]);
      await client.stop();
    },
  );

  test.each(['issue.sent', 'issue.answered'])(
    'at %s leaves a token that nobody was told: reported as that, never as revoked',
    async (failpoint) => {
      await dieAt(failpoint, (client) => client.elevate(elevation));
      expect(github.account.live()).toHaveLength(1);
      const client = await world.client();
      const told = await until(async () => {
        const found = (await events()).filter(({ type }) => type === 'lease.undisclosed');
        expect(found).toHaveLength(1);
        return found[0]?.data as { until: string };
      });
      expect(Date.parse(told.until)).toBeGreaterThan(github.account.live()[0]?.expiresAt ?? 0);
      const { stdout } = await world.jit('status', '--json');
      expect(JSON.parse(stdout).grants[0].leases[0]).toMatchObject({
        state: 'revoking',
        irrevocable_until: told.until,
      });
      expect((await events()).map(({ type }) => type)).not.toContain('lease.revoked');
      await client.stop();
    },
  );

  test('before it asked GitHub is still reported as what may have been', async () => {
    await dieAt('elevate.after-intent', (client) => client.elevate(elevation));
    expect(github.account.tokens).toEqual([]);
    const client = await world.client();
    await until(async () => expect((await events()).map(({ type }) => type)).toContain('lease.undisclosed'));
    await client.stop();
  });
});
