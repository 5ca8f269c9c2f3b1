import { describe, expect, it } from 'vitest';
import type { Offline } from '../../../src/protocol/offline.ts';
import type { AuditReply } from '../../../src/protocol/routes.ts';
import { createFakeClient, fakeLog, fakeNow, fakeStatus } from '../../fakes/client.ts';
import { jit, jsonError } from '../harness.ts';

const event = (data: Record<string, unknown>): AuditReply['events'][number] => ({
  leaf: 'ab'.repeat(32),
  body: {
    v: 1,
    origin: fakeLog().origin,
    seq: '4',
    prev: '00'.repeat(32),
    ts: '2026-11-22T12:00:00.000Z',
    boot: 'b',
    mono_ms: '1',
    type: 'grant.requested',
    principal: 'user:ada',
    target: 'prod-db',
    grant: 'g7f3k2',
    data,
  },
});

const logOf = (...events: AuditReply['events']) => createFakeClient({ audit: async () => ({ events }) });

describe('jit audit log', () => {
  it('hands all filters over', async () => {
    const argv = [
      '--grant',
      'g1',
      '--target',
      't',
      '--principal',
      'user:ada',
      '--since',
      '2h',
      '--until',
      '1h',
    ];
    const ran = await jit(['audit', 'log', ...argv, '--limit', '10']);
    expect(ran.client.asked('audit')).toEqual([
      {
        grant: 'g1',
        target: 't',
        principal: 'user:ada',
        since: fakeNow - 7_200_000,
        until: fakeNow - 3_600_000,
        limit: 10,
      },
    ]);
  });

  it('tells events of everybody by their log and number, as an export and a proof take them', async () => {
    const { leaf, body } = event({ role: 'read' });
    const other = { leaf, body: { ...body, origin: 'jit.other/2', seq: '40' } };
    const unread = { leaf, body: { origin: 'jit.bad\u001b[2J', seq: 7, type: 'unreadable' } };
    const offline = { storeLog: async () => ({ events: [event({}), other, unread] }) };
    const { stdout } = await jit(['audit', 'log', '--store'], { offline });
    const [first, second, third] = stdout.split('\n');
    expect(first).toMatch(/ jit\.\w+:4 +grant\.requested +user:ada /);
    expect(second).toMatch(/ jit\.other\/2:40 +grant\.requested +user:ada .*role=read$/);
    expect(third).toMatch(/ jit\.bad\S+:7 +unreadable /);
    expect(stdout).not.toContain('\u001b');
    const plain = await jit(['audit', 'log', '--store', '--plain'], { offline });
    expect(plain.stdout).toMatch(/^log: jit\.other\/2:40$/im);
  });

  it('tells each event by its number, and by the log too where that is not the newest one', async () => {
    const { leaf, body } = event({});
    const next = { leaf, body: { ...body, origin: `${body.origin}/2`, seq: '1' } };
    const { audit } = logOf(event({}), next);
    const status = async () => fakeStatus({ auditLog: fakeLog({ origin: next.body.origin }) });
    const { stdout } = await jit(['audit', 'log'], { client: createFakeClient({ audit, status }) });
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/)[1])).toEqual([
      `${body.origin}:4`,
      '1',
      undefined,
    ]);
    const plain = await jit(['audit', 'log', '--plain'], { client: logOf(event({})) });
    expect(plain.stdout).toMatch(/^number: 4$/m);
  });

  it('says both ends of a credential in words where the vendor gives it longer than the grant', async () => {
    const ends = { deadline: '2026-11-22T12:05:00.000Z', hard_deadline: '2026-11-22T12:15:00.000Z' };
    const about = (type: string, data: Record<string, unknown>): AuditReply['events'][number] => {
      const { leaf, body } = event(data);
      return { leaf, body: { ...body, type, lease: 'l4k9p1' } };
    };
    const intent = about('lease.intent', { provider: 'aws', name: 'ada+l4k9p1', facts: {}, ...ends });
    const { deadline, hard_deadline: expires } = ends;
    const issued = about('lease.issued', { name: 'ada+l4k9p1', facts: {}, deadline, expires });
    const { stdout } = await jit(['audit', 'log'], { client: logOf(intent, issued) });
    const words = /name=ada\+l4k9p1 ends at \d\d:05; AWS itself ends it at \d\d:15$/gm;
    expect(stdout.match(words)).toHaveLength(2);
    const alone = await jit(['audit', 'log'], { client: logOf(issued) });
    expect(alone.stdout).toContain('; the target itself ends it at ');
    const soon = about('lease.issued', { name: 'x', facts: {}, deadline, expires: deadline });
    expect((await jit(['audit', 'log'], { client: logOf(soon) })).stdout).toMatch(
      /deadline="[^"]+" expires="[^"]+"$/m,
    );
  });

  it('tells of a step when and why', async () => {
    const facts = { until: '2026-11-22T12:05:00.000Z', held_by_nobody: false };
    const { stdout } = await jit(['audit', 'log'], {
      client: logOf(
        event({ step: 'cannot-be-withdrawn', facts }),
        event({ step: 'not-refreshed', facts: { code: 'ERR_SECRET_UNAVAILABLE', more: ['x'] } }),
      ),
    });
    expect(stdout).toMatch(/ step=cannot-be-withdrawn until="2026-11-22 [^"]+"$/m);
    expect(stdout).toMatch(/ step=not-refreshed code=ERR_SECRET_UNAVAILABLE$/m);
  });

  it('shows one line per event with time, type, who, where and what', async () => {
    const data = { role: 'read', scope: null, duration_ms: 1_800_000, reason: 'fix it', digest: 'f00' };
    const { stdout } = await jit(['audit', 'log'], { client: logOf(event(data)) });
    expect(stdout).toMatch(
      /^2026-11-22 \d\d:\d\d:00[+-]\d\d:\d\d {2}4 {2}grant\.requested {2}user:ada {2}prod-db {2}g7f3k2 {2}role=read duration=30m reason="fix it"\n$/,
    );
  });

  it('shows lists as words and points in time by the local clock', async () => {
    const data = { files: ['pgpass', 'pg_service.conf'], expires: '2026-11-22T12:30:00.000Z' };
    const { stdout } = await jit(['audit', 'log'], { client: logOf(event(data)) });
    expect(stdout).toMatch(/files=pgpass,pg_service\.conf expires="2026-11-2\d \d\d:\d\d:00[+-]\d\d:\d\d"$/m);
  });

  it('lets no text of others act on the terminal or add a line', async () => {
    const reason = 'a\u001b]0;owned\u0007\n2026-11-22 forged \u202eline';
    const { stdout } = await jit(['audit', 'log'], { client: logOf(event({ reason })) });
    expect(stdout.split('\n')).toHaveLength(2);
    for (const acting of ['\u001b', '\u0007', '\u202e']) expect(stdout).not.toContain(acting);
    expect(stdout).toContain('reason="a\\u{1b}]0;owned\\u{7}\\n2026-11-22 forged \\u{202e}line"');
  });

  it('leaves stdout empty when nothing fits', async () => {
    expect(await jit(['audit', 'log'])).toMatchObject({ code: 0, stdout: '', stderr: 'no such events\n' });
  });

  it('prints bodies as they were written with --json', async () => {
    const one = event({ duration_ms: 1, deadline: 'x' });
    const { stdout } = await jit(['audit', 'log', '--json'], { client: logOf(one) });
    expect(JSON.parse(stdout)).toEqual({ schema: 1, events: [one] });
  });
});

describe('jit audit verify', () => {
  const whole = {
    ...{ origin: 'jit.x', events: 3, root: 'def', signed: 3, keys: ['jit.x+1+A'] },
    ...{ fork: null, problem: null },
  };
  const reply = {
    path: '/x/jit.db',
    valid: true,
    events: 3,
    head: 'abc',
    firstAt: '2026-11-22T12:00:00.000Z',
    lastAt: '2026-11-22T13:00:00.000Z',
    clockSteps: 0,
    problem: null,
    logs: [whole],
    heads: 0,
    excused: 0,
    trusted: [],
  };
  const broken = {
    ...reply,
    valid: false,
    problem: { seq: 2, what: 'does not follow from the event before' },
  };

  it('tells how many events are valid, without a broker', async () => {
    const ran = await jit(['audit', 'verify'], { offline: { auditVerify: async () => reply } });
    expect([ran.code, ran.connects]).toEqual([0, []]);
    expect(ran.stdout).toContain('/x/jit.db: valid, 3 events, from 2026-11-22T12:00:00.000Z');
  });

  it('hands keys and heads over, and says what it trusted and what is not signed', async () => {
    const asked: unknown[] = [];
    const logs = [
      { ...whole, signed: 2, keys: ['jit.x+1+A', 'jit.x+2+B'] },
      { ...whole, origin: 'jit.x/2', events: 2, signed: 0, keys: [], fork: 'restored\u001b[31m' },
    ];
    const auditVerify: Offline['auditVerify'] = async (request) => {
      asked.push(request);
      return { ...reply, logs, heads: 2, excused: 1, trusted: ['jit.x+2+B'] };
    };
    const argv = ['--key', 'jit.x+2+B', '--head', 'a', '--head', 'b'];
    const { stdout } = await jit(['audit', 'verify', 'x.db', ...argv], { offline: { auditVerify } });
    expect(asked).toEqual([{ file: 'x.db', keys: ['jit.x+2+B'], heads: ['a', 'b'] }]);
    for (const line of [
      'jit.x: 3 events, the last 1 not signed',
      'key jit.x+2+B (given)',
      'jit.x/2: 2 events, not signed',
      'leads to 2 heads kept elsewhere, and not to 1 that a fork has put on record as lost',
    ])
      expect(stdout.split('\n')).toContain(line);
    expect(stdout).toMatch(/^jit\.x\/2 goes on from the log before: restored\\/m);
    const alone = await jit(['audit', 'verify'], { offline: { auditVerify: async () => reply } });
    expect(alone.stdout).toContain('key jit.x+1+A (named by the log itself; give yours with --key)');
    expect(alone.stdout).toContain('compared with no head kept elsewhere');
  });

  it('shows the first key, which is the one to keep, and the newest with the number of rotations', async () => {
    const keys = ['jit.x+1+A', 'jit.x+2+B', 'jit.x+3+C'];
    const auditVerify = async () => ({ ...reply, logs: [{ ...whole, keys }] });
    const { stdout } = await jit(['audit', 'verify'], { offline: { auditVerify } });
    const lines = stdout.split('\n').filter((line) => line.includes('key'));
    expect(lines).toEqual([
      'first key jit.x+1+A (named by the log itself; give yours with --key)',
      'key now jit.x+3+C (2 rotations later)',
    ]);
  });

  it('leads from one’s own log that is not valid to the status and a fork, and from a copy to the original', async () => {
    const offline = { auditVerify: async () => broken };
    const own = await jit(['audit', 'verify'], { offline });
    expect(own.stderr).toMatch(/hint: .*jit status.*jit audit fork --reason "…"/);
    const copy = await jit(['audit', 'verify', 'x.db'], { offline });
    expect(copy.stderr).not.toContain('fork');
    expect(copy.stderr).toMatch(/hint: .*backup/);
  });

  it('tells of a file that is no log without the number of an event', async () => {
    const problem = { seq: 0, what: 'the file is no database' };
    const auditVerify = async () => ({ ...broken, events: 0, logs: [], problem });
    const { stderr } = await jit(['audit', 'verify', 'x.db'], { offline: { auditVerify } });
    expect(stderr).toContain('the audit log "/x/jit.db" is not valid: the file is no database\n');
  });

  it('fails with the first thing that is wrong', async () => {
    const offline = { auditVerify: async () => broken };
    const ran = await jit(['audit', 'verify', '/x/jit.db'], { offline });
    expect([ran.code, ran.stdout]).toEqual([1, '']);
    expect(ran.stderr).toContain('event 2: does not follow from the event before');
    const json = await jit(['audit', 'verify', '--json'], { offline });
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ valid: false, problem: { seq: 2 } });
    expect(json.stderr).toBe('');
    expect(() => jsonError(json)).toThrow();
  });
});

describe('jit audit verify of a file with several logs', () => {
  it('says of each whether it is valid when one is not', async () => {
    const damaged = {
      ...{ origin: 'jit.x', events: 2, root: 'def', signed: 2, keys: ['jit.x+1+A'], fork: null },
      problem: { seq: 2, what: 'odd\u001b[31m' },
    };
    const next = {
      ...{ origin: 'jit.x/2', events: 4, root: '987', signed: 4, keys: ['jit.x/2+2+B'] },
      ...{ fork: 'a page was lost', problem: null },
    };
    const reply = {
      ...{
        path: '/x/jit.db',
        valid: false,
        events: 6,
        head: 'abc',
        firstAt: 'a',
        lastAt: 'b',
        clockSteps: 0,
      },
      ...{ problem: damaged.problem, logs: [damaged, next], heads: 1, excused: 0, trusted: ['jit.x/2+2+B'] },
    };
    const offline = { auditVerify: async () => reply };
    const ran = await jit(['audit', 'verify'], { offline });
    expect(ran.code).toBe(1);
    expect(ran.stdout.split('\n')).toEqual([
      expect.stringMatching(/^jit\.x: NOT VALID, event 2: odd\\.*\[31m$/),
      'key jit.x+1+A (named by the log itself; give yours with --key)',
      'jit.x/2 goes on from the log before: a page was lost',
      'jit.x/2: valid, 4 events, all signed',
      'key jit.x/2+2+B (given)',
      '',
    ]);
    expect(ran.stderr).toContain('the audit log "/x/jit.db" is not valid: event 2: odd');
    const json = await jit(['audit', 'verify', '--json'], { offline });
    expect([json.code, JSON.parse(json.stdout)]).toMatchObject([
      1,
      { problem: { seq: 2 }, logs: [{ problem: { seq: 2 } }, { problem: null }] },
    ]);
  });
});

describe('jit audit verify --store', () => {
  const log = {
    ...{ origin: 'jit.x', valid: true, events: 12, from: 0, retiredUpTo: null, signed: 12, root: 'abc' },
    ...{
      keys: ['jit.x+1+A', 'jit.x+2+B'],
      registeredBy: 'jit_x',
      lastSeen: 'now',
      note: null,
      problem: null,
    },
  };
  const reply = { valid: true, events: 12, logs: [log], missing: [], heads: 0, excused: 0, trusted: [] };
  const answers = (changes: object) => ({ offline: { storeVerify: async () => ({ ...reply, ...changes }) } });
  const argv = ['audit', 'verify', '--store'];

  it('hands over what the logs are held against, and says whose word each key is', async () => {
    const asked: unknown[] = [];
    const storeVerify: Offline['storeVerify'] = async (_config, request) => {
      asked.push(request);
      return {
        ...{ ...reply, heads: 1, trusted: ['jit.y+3+C'] },
        logs: [log, { ...log, origin: 'jit.y', keys: ['jit.y+3+C', 'jit.y+4+D'] }],
      };
    };
    const given = ['--key', 'jit.y+3+C', '--head', 'y.head', '--kept-since', '2026-01-01T00:00Z'];
    const ran = await jit([...argv, ...given], { offline: { storeVerify } });
    expect(asked).toEqual([{ keys: ['jit.y+3+C'], heads: ['y.head'], keptSince: Date.UTC(2026, 0, 1) }]);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout.split('\n')).toEqual([
      'jit.x: valid, 12 events, all signed; by jit_x, last seen now',
      'first key jit.x+1+A (named by the log itself; give yours with --key)',
      'key now jit.x+2+B (1 rotation later)',
      'jit.y: valid, 12 events, all signed; by jit_x, last seen now',
      'key jit.y+3+C (given)',
      'key now jit.y+4+D (1 rotation later)',
      'leads to 1 head kept elsewhere',
      '',
    ]);
  });

  it('says what is retired, and that its key is then the store’s own word', async () => {
    const gone = { ...log, from: 5, retiredUpTo: 'then' };
    const ran = await jit(argv, answers({ logs: [gone, { ...gone, from: 12 }] }));
    expect(ran.stdout.split('\n').slice(0, 4)).toEqual([
      'jit.x: valid, 12 events, all signed, verified from event 5 on (those up to then are retired); by jit_x, last seen now',
      'key jit.x+1+A (taken from the store itself; give yours with --key)',
      'key now jit.x+2+B (1 rotation later)',
      'jit.x: valid, 12 events, all signed, none is there any more (those up to then are retired); by jit_x, last seen now',
    ]);
  });

  it('notes what the store does not have and a fork names', async () => {
    const note = 'the store has 4 events of jit.x, and its fork names 7';
    const ran = await jit(argv, answers({ logs: [{ ...log, origin: 'jit.x/2', note }] }));
    expect([ran.code, ran.stdout.split('\n')[1]]).toEqual([0, `jit.x/2: ${note}`]);
  });

  it('fails where a log is not valid, and where one that is known is not there', async () => {
    const bad = { ...log, valid: false, problem: { seq: 3, what: 'odd' } };
    const ran = await jit(argv, answers({ valid: false, logs: [log, bad] }));
    expect([ran.code, ran.stdout]).toEqual([1, expect.stringContaining('jit.x: NOT VALID, event 3: odd;')]);
    expect(ran.stderr).toContain('1 of 2 logs in the shared store are not valid');
    const missing = await jit(argv, answers({ valid: false, missing: ['jit.z'] }));
    expect([missing.code, missing.stdout]).toEqual([1, expect.stringContaining('jit.z: NOT THERE')]);
    expect(missing.stderr).toContain('1 of the logs that you know are not in the shared store');
    const json = await jit([...argv, '--json'], answers({ valid: false, missing: ['jit.z'] }));
    expect([json.code, JSON.parse(json.stdout)]).toEqual([
      1,
      expect.objectContaining({ missing: ['jit.z'] }),
    ]);
  });

  it('takes no file, and files no --kept-since', async () => {
    expect((await jit([...argv, 'x.db'])).code).toBe(2);
    expect((await jit(['audit', 'verify', '--kept-since', '1d'])).code).toBe(2);
  });
});

describe('jit audit prove and verify-proof', () => {
  const proved = {
    origin: 'jit.x',
    seq: 4,
    leaf: 'ab',
    size: 9,
    output: null,
    proof: 'c2sp.org/tlog-proof@v1\nx',
  };

  it('prints the proof and nothing else, or says where it is', async () => {
    const asked: unknown[] = [];
    const auditProve: Offline['auditProve'] = async (request) => {
      asked.push(request);
      return { ...proved, output: request.output };
    };
    const bare = await jit(['audit', 'prove', '4'], { offline: { auditProve } });
    expect([bare.code, bare.stdout, bare.connects]).toEqual([0, proved.proof, []]);
    const filed = await jit(['audit', 'prove', 'ab', '--file', 'f', '--output', 'o'], {
      offline: { auditProve },
    });
    expect(filed.stdout).toBe('o: event 4 of jit.x, in the tree of 9 events\n');
    expect(asked).toEqual([
      { event: '4', file: null, output: null },
      { event: 'ab', file: 'f', output: 'o' },
    ]);
  });

  it('asks the shared store with --store, which takes no file', async () => {
    const asked: unknown[] = [];
    const storeProve: Offline['storeProve'] = async (_, request, onProgress) => {
      onProgress(1, 2);
      asked.push(request);
      return { ...proved, output: request.output };
    };
    const bare = await jit(['audit', 'prove', 'jit.x:4', '--store'], { offline: { storeProve } });
    expect([bare.code, bare.stdout, bare.stderr, bare.connects]).toEqual([0, proved.proof, '', []]);
    const json = await jit(['audit', 'prove', 'jit.x:4', '--store', '--output', 'o', '--json'], {
      offline: { storeProve },
    });
    expect(JSON.parse(json.stdout)).toMatchObject({ seq: 4, output: 'o' });
    expect(asked).toEqual([
      { event: 'jit.x:4', output: null },
      { event: 'jit.x:4', output: 'o' },
    ]);
    const both = await jit(['audit', 'prove', '4', '--store', '--file', 'f'], { offline: { storeProve } });
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('exclude each other')]);
  });

  it('says what a proof shows, and by whose key', async () => {
    const auditVerifyProof: Offline['auditVerifyProof'] = async ({ file, keys }) => ({
      ...{ path: file, origin: 'jit.x', seq: 4, leaf: 'ab', size: 9, root: 'cd', key: keys[0] ?? '' },
      valid: true,
      event: { type: 'lease.revoked', ts: '2026-11-22T12:00:00.000Z', seq: '4' },
    });
    const argv = ['audit', 'verify-proof', 'p', '--key', 'jit.x+1+A'];
    const { stdout, code } = await jit(argv, { offline: { auditVerifyProof } });
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'p: valid, event 4 of jit.x: lease.revoked at 2026-11-22T12:00:00.000Z',
      'in the tree of 9 events that jit.x+1+A has signed',
      'leaf ab',
      '',
    ]);
  });
});
