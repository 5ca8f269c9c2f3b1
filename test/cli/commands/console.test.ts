import { describe, expect, it } from 'vitest';
import { JitError } from '../../../src/core/errors.ts';
import { createFakeClient, fakeGrant, fakeNow, fakePreview, fakeStatus } from '../../fakes/client.ts';
import { jit, jsonError, type Setting } from '../harness.ts';

const link = 'https://signin.example.com/?token=example';

/** Runs it before a browser that remembers what it was shown. */
async function run(argv: string[], setting: Setting = {}) {
  const shown: string[] = [];
  const browser = async (file: string): Promise<void> => void shown.push(file);
  return { ...(await jit(['console', ...argv], { browser, ...setting })), shown };
}

const around = (changes: Parameters<typeof fakeGrant>[0] = {}) => {
  const client = createFakeClient({ status: async () => fakeStatus({ grants: [fakeGrant(changes)] }) });
  return { client, env: { JIT_GRANT_ID: 'g7f3k2', JIT_GRANT_STATE: 'active' } };
};

describe('jit console', () => {
  it('keeps a grant, and opens a page of it in the browser on a terminal', async () => {
    const ran = await run(['prod-db:read', '--for', '30m', '--reason', 'why'], { tty: true });
    expect(ran.code).toBe(0);
    expect(ran.client.asked('elevate')).toMatchObject([
      {
        target: 'prod-db',
        role: 'read',
        duration: 1_800_000,
        export: 'reference',
        keep: true,
        session: null,
      },
    ]);
    expect(ran.client.asked('console')).toEqual([{ grant: 'g7f3k2', as: 'file' }]);
    expect(ran.shown).toEqual(['/run/jit/grants/g7f3k2/console-x.html']);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toContain('"jit revoke g7f3k2" ends it');
    expect(ran.client.asked('revoke')).toEqual([]);
  });

  it('prints the link, and nothing else on stdout, with --print', async () => {
    const ran = await run(['prod-db:read', '--print']);
    expect(ran).toMatchObject({ code: 0, stdout: `${link}\n`, shown: [] });
    expect(ran.stderr).toContain('until');
    expect(ran.stderr).not.toContain(link);
    expect(ran.client.asked('console')).toEqual([{ grant: 'g7f3k2', as: 'link' }]);
  });

  it('prints link, end and grant as JSON with --print --json', async () => {
    const ran = await run(['prod-db:read', '--print', '--json']);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      schema: 1,
      url: link,
      ends_at: new Date(fakeNow + 1_800_000).toISOString(),
      grant: { id: 'g7f3k2', keep: true },
    });
    expect(ran.stderr).toBe('');
  });

  it.each([
    ['neither flag without a terminal', [], '--print'],
    ['both flags', ['--open', '--print'], 'not both'],
    ['--json without --print', ['--json'], '--print'],
    ['--json with --open', ['--json', '--open'], '--print'],
    ['a named grant and a length', ['--print', '--grant', 'g7f3k2', '--for', '5m'], '--grant'],
  ])('asks for nothing with %s', async (_what, flags, text) => {
    const ran = await run(['prod-db:read', ...flags]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(text);
    expect(ran.client.calls).toEqual([]);
  });

  it('asks for nothing where nothing opens a browser, and names --print', async () => {
    for (const flags of [['--open'], []]) {
      const ran = await jit(['console', 'prod-db', ...flags], { tty: true });
      expect(ran.code).not.toBe(0);
      expect(ran.stderr).toContain('--print');
      expect(ran.client.calls).toEqual([]);
    }
  });

  it.each([
    [
      'the broker has no link',
      { client: createFakeClient({ console: async () => Promise.reject(refused) }) },
    ],
    ['the browser does not start', { browser: () => Promise.reject(refused) }],
  ])('gives the new grant back when %s', async (_what, setting) => {
    const ran = await run(['prod-db:read', '--open'], setting);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('no console here');
    expect(ran.client.asked('revoke')).toEqual([{ grant: 'g7f3k2', all: false, cause: 'session-ended' }]);
  });

  it('makes no grant on a target without a web console', async () => {
    const { targets } = await createFakeClient().targets();
    const client = createFakeClient({
      targets: async () => ({ targets: targets.map((target) => ({ ...target, console: false })) }),
    });
    const ran = await run(['prod-db:read', '--print'], { client });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('"prod-db" has no web console');
    expect(ran.client.asked('elevate')).toEqual([]);
  });

  it('hints at itself, not at elevate, when something is missing', async () => {
    const client = createFakeClient({
      preview: async (wish) =>
        fakePreview({ outcome: wish.reason === null ? 'denied' : 'allowed', reasonRequired: true }),
    });
    const ran = await run(['prod-db:read', '--for', '10m', '--print'], { client });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('hint: jit console prod-db:read --reason "…" --for 10m --print\n');
    expect(ran.client.asked('elevate')).toEqual([]);
  });

  it('tells a failure as JSON, without a link', async () => {
    const client = createFakeClient({ console: () => Promise.reject(refused) });
    const ran = await run(['prod-db:read', '--print', '--json'], { client });
    expect(jsonError(ran).code).toBe('ERR_UNSUPPORTED');
    expect(ran.stdout).toBe('');
  });
});

const refused = new JitError('ERR_UNSUPPORTED', 'no console here');

describe('jit console with a grant that is there', () => {
  it('says what ends it, or that it cannot be withdrawn', async () => {
    const grants = async () => fakeStatus({ grants: [fakeGrant()] });
    const reply = { url: link, file: null, endsAt: fakeNow + 60_000 };
    for (const [irrevocableUntil, text] of [
      [null, '"jit revoke g7f3k2" ends it'],
      [fakeNow + 90_000, 'cannot be withdrawn; ends at'],
    ] as const) {
      const client = createFakeClient({
        status: grants,
        console: async () => ({ ...reply, irrevocableUntil }),
      });
      const { stderr } = await run(['prod-db', '--print', '--grant', 'g7f3k2'], { client });
      expect(stderr).toContain(text);
      expect(stderr.includes('revoke')).toBe(irrevocableUntil === null);
    }
  });

  it('takes the one around this shell when it is of that target and nothing more is asked for', async () => {
    for (const word of ['prod-db', 'prod-db:read']) {
      const ran = await run([word, '--print'], around());
      expect(ran.client.asked('elevate')).toEqual([]);
      expect(ran.client.asked('console')).toEqual([{ grant: 'g7f3k2', as: 'link' }]);
    }
  });

  it.each([
    ['another target', ['other-db', '--print'], {}],
    ['another role', ['prod-db:write', '--print'], {}],
    ['a length', ['prod-db', '--print', '--for', '5m'], {}],
    ['a grant that has ended', ['prod-db', '--print'], { state: 'ended' as const }],
  ])('asks for a new one inside it for %s', async (_what, argv, changes) => {
    const ran = await run(argv, around(changes));
    expect(ran.client.asked('elevate')).toMatchObject([{ parent: 'g7f3k2', keep: true }]);
  });

  it('takes the one that is named, by its id or the beginning of it', async () => {
    for (const id of ['g7f3k2', 'g7f']) {
      const ran = await run(['prod-db', '--print', '--grant', id], { client: around().client });
      expect(ran.client.asked('console')).toEqual([{ grant: 'g7f3k2', as: 'link' }]);
    }
  });

  it('refuses one that is not there, or of another target, and makes none', async () => {
    const unknown = await run(['prod-db', '--print', '--grant', 'gx'], { client: around().client });
    expect(unknown.code).toBe(2);
    const other = await run(['other-db', '--print', '--grant', 'g7f3k2'], { client: around().client });
    expect(other.stderr).toContain('prod-db:read');
    expect([...unknown.client.asked('elevate'), ...other.client.asked('elevate')]).toEqual([]);
  });

  it('leaves it alone when no link comes of it', async () => {
    const client = createFakeClient({
      status: async () => fakeStatus({ grants: [fakeGrant()] }),
      console: () => Promise.reject(refused),
    });
    const ran = await run(['prod-db', '--print', '--grant', 'g7f3k2'], { client });
    expect(ran.code).toBe(1);
    expect(ran.client.asked('revoke')).toEqual([]);
  });
});
