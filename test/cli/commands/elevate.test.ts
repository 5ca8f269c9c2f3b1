import { describe, expect, it } from 'vitest';
import type { Client } from '../../../src/client/client.ts';
import { JitError } from '../../../src/core/errors.ts';
import { usualShellTerms } from '../../../src/core/shell-terms.ts';
import type { ElevateRequest, PreviewReply, Wish } from '../../../src/protocol/routes.ts';
import type { GrantView } from '../../../src/protocol/views.ts';
import {
  createFakeClient,
  fakeGrant,
  fakeLease,
  fakeNow,
  fakePreview,
  fakeStatus,
} from '../../fakes/client.ts';
import { jit, jsonError, type Setting } from '../harness.ts';

const denied = (changes: Partial<PreviewReply> = {}) =>
  fakePreview({ outcome: 'denied', duration: null, entitlement: null, preview: [], ...changes });

/** A policy that wants a reason: refuses without one. */
const wantsReason = async (wish: Wish) =>
  wish.reason === null
    ? denied({ role: wish.role ?? 'read', entitlement: 'writers', reasonRequired: true })
    : fakePreview({ role: wish.role ?? 'read', reasonRequired: true });

/** As the broker does when a target has several roles and none is named. */
const wantsRole = async (wish: Wish) => {
  if (wish.role === null) throw new JitError('ERR_INPUT_NEEDED', '"prod-db" has several roles: read, write');
  return fakePreview({ role: wish.role });
};

const wantsScope = async (wish: Wish) =>
  wish.scope === 'orders' ? fakePreview({ scope: 'orders' }) : denied({ scope: wish.scope });

const command = ['--', 'psql', '-c', 'select 1'];

describe('jit elevate with a command', () => {
  it('turns flags into the request, word for word', async () => {
    const argv = [
      'prod-db:read',
      '--scope',
      'orders',
      '--for',
      '45m',
      '--reason',
      'why',
      '--ticket',
      'INC-1',
    ];
    const ran = await jit(['elevate', ...argv, '--export', 'url', ...command]);
    expect(ran.client.asked('elevate')).toEqual([
      {
        target: 'prod-db',
        role: 'read',
        scope: 'orders',
        duration: 2_700_000,
        reason: 'why',
        ticket: 'INC-1',
        interactive: false,
        ci: false,
        parent: null,
        export: 'url',
        keep: false,
        onEnd: null,
        session: { pid: 99, startTime: 'then' },
        channel: null,
        identity: null,
        run: null,
      } satisfies ElevateRequest,
    ]);
  });

  it('asks for keys in the environment by name', async () => {
    const ran = await jit(['elevate', 'prod-db', '--export', 'env', ...command]);
    expect(ran.client.asked('elevate')).toMatchObject([{ export: 'env', keep: false }]);
  });

  it('takes the reason from JIT_REASON, unless a flag gives one', async () => {
    const reason = async (argv: string[]) => {
      const ran = await jit(['elevate', 'prod-db', ...argv, ...command], {
        env: { JIT_REASON: 'from outside' },
      });
      return (ran.client.asked('elevate')[0] as ElevateRequest).reason;
    };
    expect(await reason([])).toBe('from outside');
    expect(await reason(['--reason', 'from here'])).toBe('from here');
  });

  it('says that it runs in CI, and asks nothing there', async () => {
    const client = createFakeClient({ preview: wantsReason });
    const ran = await jit(['elevate', 'prod-db:read', ...command], {
      client,
      tty: true,
      env: { CI: 'true' },
    });
    expect(ran.code).toBe(2);
    expect(ran.client.asked('preview')[0]).toMatchObject({ ci: true, interactive: false });
    expect(ran.questions).toEqual([]);
  });

  it('runs it with the environment of the grant and passes its exit code on', async () => {
    const session = async () => ({ exitCode: 42, grantEnded: false });
    const ran = await jit(['elevate', 'prod-db', ...command], { session });
    expect(ran.code).toBe(42);
    expect(ran.stdout).toBe('');
    expect(ran.sessions[0]).toMatchObject({
      command: ['psql', '-c', 'select 1'],
      env: { PGHOST: 'db.example.com' },
      unset: ['PGPASSWORD'],
      grant: { id: 'g7f3k2', target: 'prod-db', role: 'read' },
      stateFile: '/run/jit/prompt',
    });
  });

  it('says on stderr what, as whom and until when', async () => {
    const ran = await jit(['elevate', 'prod-db', ...command]);
    expect(ran.stderr).toMatch(/prod-db:read until \d\d:\d\d \(30m\), grant g7f3k2/);
    expect(ran.stderr).toContain('for user:ada, as jit_l4k9p1, by the entitlement "readers"');
  });

  it('says why it is less than asked', async () => {
    const elevate: Client['elevate'] = async () => ({
      grant: fakeGrant(),
      env: {},
      unset: [],
      secrets: [],
      notes: ['ends with the grant around it'],
      shell: usualShellTerms,
    });
    const ran = await jit(['elevate', 'prod-db', ...command], { client: createFakeClient({ elevate }) });
    expect(ran.stderr).toContain('ends with the grant around it');
  });

  it('revokes the grant when the command has ended', async () => {
    const ran = await jit(['elevate', 'prod-db', ...command]);
    expect(ran.client.asked('revoke')).toEqual([{ grant: 'g7f3k2', all: false, cause: 'session-ended' }]);
  });

  it('leaves the grant alone with --keep, which binds it to no process', async () => {
    const ran = await jit(['elevate', 'prod-db', '--keep', ...command]);
    expect(ran.client.asked('elevate')[0]).toMatchObject({ keep: true, session: null });
    expect(ran.client.asked('revoke')).toEqual([]);
    expect(ran.stderr).toContain('jit revoke g7f3k2');
  });

  it('ends with 124 when the grant ended first, and looks whether it is gone', async () => {
    const overdue = fakeGrant({ state: 'ended', leases: [fakeLease({ state: 'overdue', attempts: 3 })] });
    const client = createFakeClient({ status: async () => fakeStatus({ grants: [overdue], overdue: 1 }) });
    const session = async () => ({ exitCode: 143, grantEnded: true });
    const ran = await jit(['elevate', 'prod-db', ...command], { client, session });
    expect(ran.code).toBe(124);
    expect(ran.client.asked('revoke')).toEqual([]);
    expect(ran.stderr).toContain('jit: warning: not revoked yet: jit_l4k9p1: ACCESS MAY GO ON');
  });

  it('says that the command was stopped at the deadline of the grant', async () => {
    const session = async () => ({ exitCode: 124, grantEnded: true });
    const ran = await jit(['elevate', 'prod-db', ...command], { session });
    expect(ran.stderr).toMatch(/^jit: prod-db:read ended at its deadline \(30m\); the command was stopped$/m);
  });

  it('warns when the grant could not be revoked, and keeps the exit code', async () => {
    const left = fakeGrant({
      leases: [fakeLease({ state: 'revoking', attempts: 1, lastError: 'ERR_TARGET_UNREACHABLE' })],
    });
    const client = createFakeClient({ revoke: async () => ({ revoked: [], ending: [], overdue: [left] }) });
    const ran = await jit(['elevate', 'prod-db', ...command], { client });
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain('jit: warning: not revoked yet');
    expect(ran.stderr).toContain('ERR_TARGET_UNREACHABLE');
  });

  it('is content when access has ended and only the clean-up goes on', async () => {
    const cleaning = fakeGrant({
      state: 'ended',
      leases: [fakeLease({ state: 'revoking', accessEndedAt: fakeNow })],
    });
    const client = createFakeClient({
      revoke: async () => ({ revoked: [], ending: [cleaning], overdue: [] }),
    });
    const ran = await jit(['elevate', 'prod-db'], { client, tty: true });
    expect(ran.stderr).toContain('grant ended, access revoked');
    expect(ran.stderr).not.toContain('warning');
  });

  it('asks the next broker to revoke when this one is gone, and warns when nobody can', async () => {
    const revoke = async () => {
      throw new JitError('ERR_BROKER_UNREACHABLE', 'the connection broke off');
    };
    const ran = await jit(['elevate', 'prod-db', ...command], { client: createFakeClient({ revoke }) });
    expect(ran.code).toBe(0);
    expect(ran.connects).toHaveLength(2);
    expect(ran.client.asked('revoke')).toHaveLength(2);
    expect(ran.stderr).toContain('jit: warning: grant g7f3k2 is not revoked yet: the connection broke off');
  });

  it.each([
    ['ERR_CHILD_NOT_FOUND', 127],
    ['ERR_CHILD_NOT_EXECUTABLE', 126],
    ['ERR_CHILD_SETUP', 125],
  ] as const)('gives the grant back when the command cannot start: %s', async (code, exit) => {
    const session = async () => {
      throw new JitError(code, 'cannot run "psql"');
    };
    const ran = await jit(['elevate', 'prod-db', '--keep', ...command], { session });
    expect(ran.code).toBe(exit);
    expect(ran.client.asked('revoke')).toHaveLength(1);
  });

  it.each([
    ['ERR_TARGET_UNREACHABLE', 125],
    ['ERR_TARGET_REFUSED', 125],
    ['ERR_POLICY_DENIED', 3],
    ['ERR_SECRET_UNAVAILABLE', 4],
    ['ERR_APPROVAL_PENDING', 5],
    ['ERR_AUDIT_UNAVAILABLE', 6],
  ] as const)('ends with the exit code of %s before the command ran', async (code, exit) => {
    const elevate = async () => {
      throw new JitError(code, 'no');
    };
    const ran = await jit(['elevate', 'prod-db', ...command], { client: createFakeClient({ elevate }) });
    expect(ran.code).toBe(exit);
    expect(ran.sessions).toEqual([]);
  });

  it('sends a wish that policy refuses all the same, so that the refusal is on record', async () => {
    const elevate = async () => {
      throw new JitError('ERR_POLICY_DENIED', 'prod-db:read is denied: too long');
    };
    const client = createFakeClient({
      preview: async () => denied(),
      targets: async () => ({ targets: [] }),
      elevate,
    });
    const ran = await jit(['elevate', 'prod-db:read', '--for', '9h', ...command], { client, tty: true });
    expect(ran.code).toBe(3);
    expect(ran.client.asked('elevate')).toHaveLength(1);
    expect(ran.questions).toEqual([]);
  });

  it.each([
    [['--', './clean.sh'], ' -- ./clean.sh'],
    [['--', 'psql', '-c', 'planted'], ' -- psql …'],
  ])(
    'repeats in the hint of a refusal what was typed, but for the words of the command: %j',
    async (rest, end) => {
      const elevate = async () => {
        throw new JitError('ERR_POLICY_DENIED', 'no', { hint: 'jit elevate prod-db:read --for 30m' });
      };
      const argv = ['elevate', 'prod-db:read', '--for', '8h', '--reason', 'nightly run', ...rest];
      const ran = await jit(argv, { client: createFakeClient({ elevate }) });
      expect(ran.stderr).toContain(
        `jit: hint: jit elevate prod-db:read --for 30m --reason "nightly run"${end}\n`,
      );
    },
  );

  it('hands JSON errors to stderr before the command, with stdout empty', async () => {
    const elevate = async () => {
      throw new JitError('ERR_POLICY_DENIED', 'no', { hint: 'ask' });
    };
    const ran = await jit(['elevate', 'prod-db', '--json', ...command], {
      client: createFakeClient({ elevate }),
    });
    expect(jsonError(ran)).toEqual({ code: 'ERR_POLICY_DENIED', message: 'no', hint: 'ask' });
    expect(ran.stdout).toBe('');
  });
});

describe('jit elevate with something missing', () => {
  it.each([
    ['--role', ['prod-db'], wantsRole],
    ['--reason', ['prod-db:read'], wantsReason],
    ['--scope', ['prod-db:read'], wantsScope],
  ] as const)('names %s when nobody can be asked', async (flag, argv, preview) => {
    for (const setting of [{ tty: false }, { tty: true, more: '--no-input' }]) {
      const client = createFakeClient({ preview });
      const more = setting.more ? [setting.more] : [];
      const ran = await jit(['elevate', ...argv, ...more, '--json', ...command], {
        client,
        tty: setting.tty,
      });
      expect(ran.code).toBe(2);
      expect(jsonError(ran).code).toBe('ERR_INPUT_NEEDED');
      expect(jsonError(ran).message).toContain(flag);
      expect(ran.client.asked('elevate')).toEqual([]);
    }
  });

  it.each([
    ['prod-db', '--role read', wantsRole],
    ['prod-db:read', '--reason "…"', wantsReason],
    ['prod-db:read', '--scope orders', wantsScope],
  ])('hints at the whole command line for %s with %s', async (word, option, preview) => {
    const argv = ['elevate', word, '--for', '45m', '--ticket', 'INC-1', '--dry-run', ...command];
    const ran = await jit(argv, { client: createFakeClient({ preview }) });
    expect(ran.stderr).toContain(
      `jit: hint: jit elevate ${word} ${option} --for 45m --ticket INC-1 --dry-run -- psql …\n`,
    );
  });

  it('asks for the role on a terminal, offering those that are open to the caller', async () => {
    const client = createFakeClient({ preview: wantsRole });
    const ran = await jit(['elevate', 'prod-db', ...command], { client, tty: true, answers: ['read'] });
    expect(ran.client.asked('elevate')[0]).toMatchObject({ role: 'read' });
    expect(ran.questions).toEqual(['Role on prod-db']);
  });

  it('asks for the scope on a terminal, offering those that policy would take', async () => {
    const client = createFakeClient({ preview: wantsScope });
    const ran = await jit(['elevate', 'prod-db:read', ...command], {
      client,
      tty: true,
      answers: ['orders'],
    });
    expect(ran.client.asked('elevate')[0]).toMatchObject({ scope: 'orders' });
  });

  it('shows what will be granted before it asks for the reason', async () => {
    const client = createFakeClient({ preview: wantsReason });
    const ran = await jit(['elevate', 'prod-db:read', ...command], {
      client,
      tty: true,
      answers: ['INC-4711'],
    });
    expect(ran.client.asked('elevate')[0]).toMatchObject({ reason: 'INC-4711' });
    expect(ran.stderr.indexOf('member of orders_read')).toBeGreaterThanOrEqual(0);
    expect(ran.questions).toEqual(['Reason']);
  });

  const offering = (changes: Partial<PreviewReply>) =>
    createFakeClient({
      preview: async (wish) =>
        wish.reason === null
          ? fakePreview({ outcome: 'denied', reasonRequired: true, ...changes })
          : fakePreview({ reasonRequired: true }),
    });
  const presets = { reasonPresets: ['restore', 'release'], lastReason: 'INC-4711' };

  it.each([
    ['the last reason for Enter', '', presets, 'INC-4711'],
    [
      'the first preset for Enter, where there is no last reason',
      '',
      { ...presets, lastReason: null },
      'restore',
    ],
    ['what was typed, though a preset has it in it', 'rest', presets, 'rest'],
    ['what was typed', ' INC-4712 ', presets, 'INC-4712'],
  ])('takes %s', async (_what, typed, changes, reason) => {
    const argv = ['elevate', 'prod-db:read', ...command];
    const ran = await jit(argv, { client: offering(changes), tty: true, answers: [typed] });
    expect(ran.client.asked('elevate')[0]).toMatchObject({ reason });
    expect(ran.questions).toEqual(['Reason (type one, or choose)']);
  });

  it('asks for nothing that is given', async () => {
    const client = createFakeClient({ preview: wantsReason });
    const ran = await jit(['elevate', 'prod-db:read', '--reason', 'x', ...command], { client, tty: true });
    expect(ran.questions).toEqual([]);
    expect(ran.code).toBe(0);
  });
});

describe('jit elevate to a target of high risk', () => {
  const risky = () => createFakeClient({ preview: async () => fakePreview({ risk: 'high' }) });

  it('asks for its name on a terminal, showing what it is about', async () => {
    const ran = await jit(['elevate', 'prod-db', ...command], {
      client: risky(),
      tty: true,
      answers: ['prod-db'],
    });
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain('member of orders_read');
    expect(ran.questions).toEqual(['Risk is high. Type prod-db to go on']);
  });

  it('asks again as long as it is another name: habit types y', async () => {
    const ran = await jit(['elevate', 'prod-db', ...command], {
      client: risky(),
      tty: true,
      answers: ['y', 'yes', 'prod-db:read', 'prod-db'],
    });
    expect(ran.code).toBe(0);
    expect(ran.questions).toHaveLength(4);
  });

  it('does not ask with --yes', async () => {
    const ran = await jit(['elevate', 'prod-db', '--yes', ...command], { client: risky(), tty: true });
    expect(ran.code).toBe(0);
  });
});

describe('jit elevate with a shell', () => {
  it('opens the shell of the user on a terminal and tells when it was left', async () => {
    const ran = await jit(['elevate', 'prod-db'], { tty: true });
    expect(ran.sessions[0]?.command).toBeNull();
    expect(ran.stderr).toContain('jit: left prod-db:read after 0s; grant ended, access revoked');
  });

  it('keeps the exit code of a shell that outlived its grant', async () => {
    const session = async () => ({ exitCode: 3, grantEnded: true });
    expect((await jit(['elevate', 'prod-db'], { tty: true, session })).code).toBe(3);
  });

  it.each([
    ['the whole grant again', 3_600_000, '"exit" ends it, "jit extend --for 30m" extends it'],
    ['a part of it', 2_700_000, '"exit" ends it, "jit extend --for 15m" extends it'],
    ['nothing more', 1_800_000, '"exit" ends it\n'],
  ] as const)('says how it can be extended when policy allows %s', async (_what, limit, line) => {
    const preview: Client['preview'] = async ({ duration }) =>
      duration !== null && duration > limit ? denied() : fakePreview();
    const ran = await jit(['elevate', 'prod-db'], { tty: true, client: createFakeClient({ preview }) });
    expect(ran.stderr).toContain(line);
  });

  it('does not say that exported keys can be extended', async () => {
    const ran = await jit(['elevate', 'prod-db', '--export', 'env'], { tty: true });
    expect(ran.stderr).toContain('"exit" ends it\n');
  });

  it.each([
    ['recovery', 'the broker restarted'],
    ['revoked', 'revoked'],
    ['expired', 'its deadline'],
  ] as const)('tells when and why its grant had ended: %s', async (endCause, words) => {
    const over = fakeGrant({
      ...{ state: 'ended', endedAt: fakeNow, endCause, leases: [fakeLease({ state: 'revoked' })] },
    });
    const session: Setting['session'] = async ({ ended }) => {
      await ended;
      return { exitCode: 0, grantEnded: true };
    };
    const client = createFakeClient({ wait: async () => over });
    const ran = await jit(['elevate', 'prod-db'], { tty: true, client, session });
    expect(ran.stderr).toMatch(
      new RegExp(`^jit: prod-db:read ended at \\d\\d:\\d\\d:\\d\\d \\(${words}\\); access revoked$`, 'm'),
    );
  });

  it('raises no alarm, and starts no broker, when the broker was stopped meanwhile', async () => {
    const over = fakeGrant({ state: 'ended', endedAt: fakeNow, endCause: 'broker-stopped' });
    let isStopped = true;
    const client = createFakeClient({
      wait: async () => over,
      status: async () => {
        if (!isStopped) return fakeStatus();
        isStopped = false;
        throw new JitError('ERR_BROKER_UNREACHABLE', 'gone');
      },
    });
    const session: Setting['session'] = async ({ ended }) => {
      await ended;
      return { exitCode: 0, grantEnded: true };
    };
    const ran = await jit(['elevate', 'prod-db'], { tty: true, client, session });
    expect(ran.stderr).toContain('(the broker was stopped); access revoked');
    expect(ran.stderr).not.toContain('warning');
    expect(ran.connects.map(({ start }) => start)).toEqual([true, false]);
  });

  it('prints no JSON', async () => {
    const ran = await jit(['elevate', 'prod-db', '--json'], { tty: true });
    expect([ran.code, jsonError(ran).code]).toEqual([2, 'ERR_USAGE']);
  });
});

describe('jit elevate --keep without a command', () => {
  it.each(['url', 'env'])(
    'prints no credential: --export %s is refused, and nothing is asked for',
    async (kind) => {
      for (const [argv, tty] of [
        [['--keep', '--json'], true],
        [['--keep'], false],
      ] as const) {
        const ran = await jit(['elevate', 'prod-db', ...argv, '--export', kind], { tty });
        expect(ran).toMatchObject({ code: 2, stdout: '' });
        expect(ran.stderr).toContain(`--export ${kind} -- command`);
        expect(ran.client.calls).toEqual([]);
      }
    },
  );

  it.each([
    ['without a terminal', ['--keep'], false],
    ['with --json', ['--keep', '--json'], true],
  ] as const)('prints the grant and its references %s', async (_when, flags, tty) => {
    const ran = await jit(['elevate', 'prod-db', ...flags], { tty });
    expect(ran.code).toBe(0);
    expect(ran.sessions).toEqual([]);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      schema: 1,
      grant: { id: 'g7f3k2', deadline: '2026-11-22T12:30:00.000Z', keep: true },
      env: { PGPASSFILE: '/run/jit/grants/g7f3k2/pgpass' },
    });
  });

  it('prints no secret of a target that puts them into the environment unasked, and says what has them', async () => {
    const env = { GH_TOKEN: 'ghs_planted', GH_HOST: 'ghe.example.com' };
    const elevate: Client['elevate'] = async () => ({
      ...{
        grant: fakeGrant({ keep: true }),
        env,
        unset: [],
        secrets: ['GH_TOKEN'],
        notes: [],
        shell: usualShellTerms,
      },
    });
    for (const [flags, tty, told] of [
      [['--keep', '--json'], true, ''],
      [['--keep'], false, 'jit: credentials are not printed here: GH_TOKEN; "jit env" has them\n'],
    ] as const) {
      const ran = await jit(['elevate', 'prod-db', ...flags], {
        client: createFakeClient({ elevate }),
        tty,
      });
      expect(JSON.parse(ran.stdout)).toMatchObject({ secrets: ['GH_TOKEN'] });
      expect(JSON.parse(ran.stdout).env).toEqual({ GH_HOST: 'ghe.example.com' });
      expect(ran.stderr).toBe(told);
    }
  });

  it('opens a shell on a terminal', async () => {
    const ran = await jit(['elevate', 'prod-db', '--keep'], { tty: true });
    expect(ran.sessions).toHaveLength(1);
    expect(ran.stderr).toContain('the grant goes on');
  });
});

describe('jit elevate inside of a grant', () => {
  it('says that a kept grant ends with the one around it all the same', async () => {
    const elevate: Client['elevate'] = async () => ({
      ...{
        grant: fakeGrant({ parent: 'gouter', keep: true }),
        env: {},
        unset: [],
        secrets: [],
        notes: [],
        shell: usualShellTerms,
      },
    });
    const client = createFakeClient({ elevate });
    const ran = await jit(['elevate', 'prod-db', '--keep', ...command], { client });
    expect(ran.stderr).toContain('kept until its deadline, or until gouter ends');
  });

  it('offers to extend by what was asked for, not by what was left of it when the credential had been made', async () => {
    const grant = fakeGrant({ startedAt: fakeNow + 3_000 });
    const elevate: Client['elevate'] = async () => ({
      ...{ grant, env: {}, unset: [], secrets: [], notes: [], shell: usualShellTerms },
    });
    const ran = await jit(['elevate', 'prod-db'], { client: createFakeClient({ elevate }), tty: true });
    expect(ran.stderr).toContain('"jit extend --for 30m" extends it');
  });

  it('offers to extend only as far as the grant around it goes', async () => {
    const outer = fakeGrant({ id: 'gouter', deadline: fakeNow + 2_100_000 });
    const elevate: Client['elevate'] = async () => ({
      ...{
        grant: fakeGrant({ parent: 'gouter' }),
        env: {},
        unset: [],
        secrets: [],
        notes: [],
        shell: usualShellTerms,
      },
    });
    const client = createFakeClient({ elevate, status: async () => fakeStatus({ grants: [outer] }) });
    const ran = await jit(['elevate', 'prod-db'], { client, tty: true, env: { JIT_GRANT_ID: 'gouter' } });
    expect(ran.stderr).toContain('"jit extend --for 5m" extends it');
  });

  it('names the grant around it and shows the stack', async () => {
    const outer = fakeGrant({ id: 'gouter', role: 'write' });
    const inner = fakeGrant({ id: 'ginner', parent: 'gouter', scope: 'orders' });
    const client = createFakeClient({ status: async () => fakeStatus({ grants: [inner, outer] }) });
    const ran = await jit(['elevate', 'prod-db', ...command], { client, env: { JIT_GRANT_ID: 'ginner' } });
    expect(ran.client.asked('elevate')[0]).toMatchObject({ parent: 'ginner' });
    expect(ran.stderr).toContain('inside grant gouter (prod-db:write) > ginner (prod-db:read (orders))');
  });
});

describe('jit elevate and signals', () => {
  /** Sends `signal` as soon as somebody listens. */
  const sends = (signal: NodeJS.Signals) => (callback: (signal: NodeJS.Signals) => void) => {
    queueMicrotask(() => callback(signal));
    return () => {};
  };

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('drops the request on %s while it waits for the answer', async (signal, exit) => {
    let aborted = false;
    const elevate: Client['elevate'] = (_request, abort) =>
      new Promise((_resolve, reject) => {
        abort?.addEventListener('abort', () => {
          aborted = true;
          reject(abort.reason);
        });
      });
    const client = createFakeClient({ elevate });
    const ran = await jit(['elevate', 'prod-db', ...command], { client, onSignal: sends(signal) });
    expect([ran.code, aborted, ran.sessions.length]).toEqual([exit, true, 0]);
    expect(ran.stderr).toBe('jit: cancelled\n');
  });

  it.each([[command], [['--keep']]])('gives back a grant that came with the signal: %j', async (rest) => {
    const ran = await jit(['elevate', 'prod-db', ...rest], { onSignal: sends('SIGTERM') });
    expect(ran.code).toBe(143);
    expect(ran.sessions).toEqual([]);
    expect(ran.client.asked('revoke')).toHaveLength(1);
    expect(ran.stdout).toBe('');
  });
});

describe('jit elevate --dry-run', () => {
  const policy = 'session policy: 120 of 2048 characters\n{\n  "Statement": "\u001b[2J"\n}';
  const shown = fakePreview({ risk: 'high', preview: ['role x', policy] });
  const trying = (reply: PreviewReply, argv: string[] = [], more: Setting = {}) =>
    jit(['elevate', 'prod-db', '--dry-run', ...argv], {
      client: createFakeClient({ preview: async () => reply, targets: async () => ({ targets: [] }) }),
      ...more,
    });

  it('prints what would be granted, asks for nothing and starts nothing', async () => {
    const ran = await trying(shown, [...command], { tty: true });
    expect(ran.code).toBe(0);
    expect(ran.stdout.split('\n')).toEqual([
      'allowed: prod-db:read as user:ada for 30m',
      '  by the entitlement "readers"',
      '  role x',
      '  session policy: 120 of 2048 characters',
      '    {',
      '      "Statement": "\\u{1b}[2J"',
      '    }',
      '',
    ]);
    expect([ran.client.asked('elevate'), ran.sessions, ran.questions]).toEqual([[], [], []]);
  });

  it('prints the preview as JSON', async () => {
    const ran = await trying(shown, ['--json']);
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      outcome: 'allowed',
      duration_ms: 1_800_000,
      reason_required: false,
      preview: ['role x', policy],
    });
  });

  it('is refused as the request itself would be', async () => {
    const reasons = ['2h is longer than the 1h that "readers" allows'];
    const hint = 'jit elevate prod-db:read --for 1h';
    const ran = await trying(denied({ reasons, hint }), ['--reason', 'why', ...command]);
    expect([ran.code, ran.stdout]).toEqual([3, '']);
    expect(ran.stderr).toContain(`jit: error: prod-db:read is denied: ${reasons[0]}\n`);
    expect(ran.stderr).toContain(`jit: hint: ${hint} --reason why --dry-run -- psql …\n`);
    const json = await trying(denied({ reasons, hint }), ['--json']);
    expect([json.code, jsonError(json).code]).toEqual([3, 'ERR_POLICY_DENIED']);
    expect(JSON.parse(json.stdout)).toMatchObject({ outcome: 'denied', reasons });
  });

  it('shows what would need approval, and ends with 5', async () => {
    const ran = await trying(fakePreview({ outcome: 'needs-approval', reasons: ['one approval'] }));
    expect(ran.code).toBe(5);
    expect(ran.stdout).toContain('needs approval: prod-db:read as user:ada for 30m\n');
    expect(ran.stderr).toContain('one approval');
  });
});

describe('jit elevate to what cannot be withdrawn', () => {
  const until = fakeNow + 1_800_000;
  const held = fakeGrant({ leases: [fakeLease({ irrevocableUntil: until })] });
  const over = (changes: Partial<GrantView['leases'][number]> = {}) =>
    fakeGrant({
      state: 'ended',
      endedAt: fakeNow,
      endCause: 'revoked',
      leases: [fakeLease({ state: 'revoking', irrevocableUntil: until, ...changes })],
    });
  const granted = (verbs: Partial<Client>) =>
    createFakeClient({
      elevate: async () => ({
        grant: held,
        env: {},
        unset: [],
        secrets: [],
        notes: [],
        shell: usualShellTerms,
      }),
      ...verbs,
    });

  it('is told before the session, and after a shell that was left', async () => {
    const revoke = async () => ({ revoked: [], ending: [], overdue: [over()] });
    const ran = await jit(['elevate', 'prod-db'], { client: granted({ revoke }), tty: true });
    expect(ran.stderr).toMatch(/^ {5}\S*cannot be withdrawn; ends at \d\d:30/m);
    expect(ran.stderr).toMatch(
      /prod-db:read ended, and its credential jit_l4k9p1 cannot be withdrawn; ends at \d\d:30/,
    );
    expect(ran.stderr).not.toMatch(/revoked|ACCESS MAY GO ON|keeps trying/);
  });

  it('is not called revoked although nobody has it', async () => {
    const alone = over({ accessEndedAt: fakeNow });
    const revoke = async () => ({ revoked: [], ending: [alone], overdue: [] });
    const ran = await jit(['elevate', 'prod-db'], { client: granted({ revoke }), tty: true });
    expect(ran.stderr).toMatch(
      /grant ended, its credential cannot be withdrawn, and nobody has it; ends at \d\d:30/,
    );
    expect(ran.stderr).not.toContain('revoked');
  });

  it.each([[[]], [command]])('is told when its grant ended first: %j', async (words) => {
    const client = granted({ status: async () => fakeStatus({ grants: [over()] }) });
    const ran = await jit(['elevate', 'prod-db', ...words], {
      client,
      tty: true,
      session: async () => ({ exitCode: 0, grantEnded: true }),
    });
    expect(ran.stderr).toMatch(/its credential cannot be withdrawn; ends at \d\d:30/);
    expect(ran.stderr).not.toMatch(/access (is being )?revoked/);
  });
});

describe('a session whose broker was stopped', () => {
  it('is not told that what cannot be withdrawn was revoked', async () => {
    const known = fakeGrant({
      state: 'ended',
      endCause: 'broker-stopped',
      leases: [fakeLease({ state: 'revoking', irrevocableUntil: fakeNow + 1_800_000 })],
    });
    const gone = new JitError('ERR_BROKER_UNREACHABLE', 'gone');
    let isGone = false;
    const client = createFakeClient({
      wait: async () => known,
      status: async () => {
        if (isGone) throw gone;
        return fakeStatus();
      },
    });
    const session: Setting['session'] = async ({ ended }) => {
      await ended;
      isGone = true;
      return { exitCode: 0, grantEnded: true };
    };
    const isStopped = () => isGone;
    const { stderr } = await jit(['elevate', 'prod-db'], { client, session, isStopped, tty: true });
    expect(stderr).not.toContain('cannot tell');
    expect(stderr).toMatch(/the broker was stopped\); its credential cannot be withdrawn; ends at/);
    expect(stderr).not.toContain('access revoked');
  });
});

describe('a session whose credential is not refreshed', () => {
  it('is told once, with what helps, and once when it is refreshed again', async () => {
    const notRefreshed = {
      code: 'ERR_SECRET_UNAVAILABLE',
      message: 'the session has expired',
      hint: 'aws sso login',
    } as const;
    const failing = fakeGrant({ leases: [fakeLease({ notRefreshed })] });
    const answers = [failing, failing, fakeGrant(), fakeGrant(), fakeGrant({ state: 'ended' })];
    const client = createFakeClient({ wait: async () => answers.shift() ?? fakeGrant({ state: 'ended' }) });
    const session: Setting['session'] = async ({ ended }) => {
      await ended;
      return { exitCode: 0, grantEnded: true };
    };
    const { stderr } = await jit(['elevate', 'prod-db', ...command], { client, session });
    const told = stderr.split('\n').filter((line) => /refreshed|hint/.test(line));
    expect(told).toEqual([
      expect.stringMatching(
        /^jit: warning: prod-db:read is not refreshed: the session has expired \(ERR_SECRET_UNAVAILABLE\); what is served works until /,
      ),
      'jit: hint: aws sso login',
      'jit: prod-db:read is refreshed again',
    ]);
  });
});
