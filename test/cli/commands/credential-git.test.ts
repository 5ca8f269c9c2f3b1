import { describe, expect, it } from 'vitest';
import { JitError } from '../../../src/core/errors.ts';
import { createFakeClient } from '../../fakes/client.ts';
import { jit, type Setting } from '../harness.ts';

const credential = {
  protocol: 'https',
  host: 'github.com',
  path: 'acme',
  username: 'x-access-token',
  password: 'ghs_planted',
  password_expiry_utc: 1_795_000_000,
};
const client = (changes: Record<string, string | number> = {}) =>
  createFakeClient({ credential: async () => ({ credential: { ...credential, ...changes } }) });
const asked = (path: string, host = 'github.com', protocol = 'https') =>
  `protocol=${protocol}\nhost=${host}\npath=${path}\n\n`;
const get = (input: string, setting: Setting = {}) =>
  jit(['credential', 'git', '--grant', 'g7f3k2', 'get'], { client: client(), input, ...setting });

const answer = [
  'protocol=https',
  'host=github.com',
  'username=x-access-token',
  'password=ghs_planted',
  'password_expiry_utc=1795000000',
  '',
].join('\n');

describe('jit credential git get', () => {
  it('answers for the host and owner of the grant, in the words of git, and says nothing else', async () => {
    const ran = await get(asked('acme/web-one.git'));
    expect(ran).toMatchObject({ code: 0, stdout: answer, stderr: '' });
    expect(ran.client.asked('credential')).toEqual([{ grant: 'g7f3k2', kind: 'git' }]);
    expect(ran.connects).toEqual([{ config: null, start: false }]);
  });

  it.each([
    ['another case', 'Acme/Web-One.git', 'github.com'],
    ['a file below a repository', 'acme/web-one.git/info/lfs', 'github.com'],
    ['the owner alone', 'acme', 'github.com'],
    ['the default port', 'acme/x', 'github.com:443'],
    ['a host in capitals', 'acme/x', 'GitHub.com'],
  ])('knows %s for the same', async (_what, path, host) => {
    const ran = await get(asked(path, host));
    expect(ran.stdout).toContain('password=ghs_planted');
    // What git asked for is what it compares with.
    expect(ran.stdout).toContain(`host=${host}\n`);
  });

  it.each([
    ['another owner', asked('other/x')],
    ['an owner whose name begins the same', asked('acme-evil/x')],
    ['a path that leads out of the owner', asked('acme/../other/x')],
    ['no path', 'protocol=https\nhost=github.com\n\n'],
    ['another host', asked('acme/x', 'gitlab.com')],
    ['a host that ends the same', asked('acme/x', 'evilgithub.com')],
    ['a host that goes on', asked('acme/x', 'github.com.evil.com')],
    ['a host behind a user', asked('acme/x', 'github.com@evil.com')],
    ['a host before a fragment', asked('acme/x', 'github.com#evil.com')],
    ['a host before a path', asked('acme/x', 'github.com/evil')],
    ['a host with a carriage return', asked('acme/x', 'github.com\r')],
    ['another port', asked('acme/x', 'github.com:8443')],
    ['no encryption', asked('acme/x', 'github.com', 'http')],
    ['another protocol', asked('acme/x', 'github.com', 'imap')],
    ['nothing', ''],
    ['a line that is no field', 'acme\n=x\n\n'],
    ['what comes after the end of the question', `\n${asked('acme/x')}`],
  ])('says nothing to %s, without an error, so that git goes on without it', async (_what, input) => {
    expect(await get(input)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('compares the whole path where GitHub is below one', async () => {
    const setting = { client: client({ path: 'github/acme' }) };
    expect((await get(asked('github/acme/x'), setting)).stdout).toContain('password=');
    expect((await get(asked('acme/x'), setting)).stdout).toBe('');
  });

  it('leaves out an expiry that nobody knows', async () => {
    const { password_expiry_utc, ...rest } = credential;
    const without = createFakeClient({ credential: async () => ({ credential: rest }) });
    expect(password_expiry_utc).toBeGreaterThan(0);
    expect((await get(asked('acme/x'), { client: without })).stdout).not.toContain('expiry');
  });

  it.each([
    ['the grant has ended', new JitError('ERR_GRANT_ENDED', 'grant "g7f3k2" has ended')],
    ['the grant is another session’s', new JitError('ERR_POLICY_DENIED', 'for its own session')],
  ])('tells git to stop when %s, and the person why', async (_what, error) => {
    const ran = await get(asked('acme/x'), {
      client: createFakeClient({ credential: () => Promise.reject(error) }),
    });
    expect(ran.stdout).toBe('quit=1\n');
    expect(ran.stderr).toContain(error.message);
    expect(ran.code).not.toBe(0);
  });

  it('tells git to stop when no broker runs, and starts none: it would hold nothing', async () => {
    const ran = await get(asked('acme/x'), {
      client: new JitError('ERR_BROKER_UNREACHABLE', 'no broker answers'),
    });
    expect(ran).toMatchObject({ code: 124, stdout: 'quit=1\n' });
    expect(ran.connects).toEqual([{ config: null, start: false }]);
  });

  it('shows a token on a terminal only when asked for by name', async () => {
    const refused = await get(asked('acme/x'), { tty: true });
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.client.calls).toEqual([]);
    const argv = ['credential', 'git', 'get', '--grant', 'g1', '--print'];
    const shown = await jit(argv, { client: client(), input: asked('acme/x'), tty: true });
    expect(shown.stdout).toContain('ghs_planted');
  });
});

describe('jit credential git', () => {
  it.each(['store', 'erase', 'whatever-comes'])('does nothing at %s', async (operation) => {
    const ran = await jit(['credential', 'git', '--grant', 'g1', operation], { input: asked('acme/x') });
    expect(ran).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(ran.client.calls).toEqual([]);
  });
});
