import { describe, expect, it } from 'vitest';
import type { Offline } from '../../../src/protocol/offline.ts';
import type { ReportReply, ReportRequest } from '../../../src/protocol/report.ts';
import { fakeNow } from '../../fakes/client.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { jit } from '../harness.ts';

const usual: ReportReply = {
  output: null,
  format: 'html',
  from: Date.UTC(2026, 0, 1),
  to: Date.UTC(2026, 3, 1),
  events: 80,
  requests: 9,
  grants: 9,
  digest: 'ab'.repeat(32),
  valid: true,
  problem: null,
};

function reportOf(reply: Partial<ReportReply> = {}, between: () => void = () => undefined) {
  const requests: ReportRequest[] = [];
  const auditReport: Offline['auditReport'] = async (request, watch) => {
    requests.push(request);
    for (let done = 0; done < 3; done += 1) {
      watch.progress('Reading', done, 3);
      between();
    }
    watch.progress('Writing', 0, 1);
    if (request.output === null) await watch.take('<p>report</p>\n');
    return { ...usual, output: request.output, ...reply };
  };
  return { offline: { auditReport }, requests };
}

describe('jit audit report', () => {
  it('writes HTML of the whole log to stdout, without a broker', async () => {
    const { offline, requests } = reportOf();
    const ran = await jit(['audit', 'report'], { offline });
    expect(ran).toMatchObject({ code: 0, stdout: '<p>report</p>\n', stderr: '', connects: [] });
    const nothing = { from: null, to: null, output: null, file: null, seed: null, keys: [], heads: [] };
    expect(requests).toEqual([{ format: 'html', sample: 25, ...nothing }]);
  });

  it('hands everything over that was asked for', async () => {
    const { offline, requests } = reportOf();
    const rest = ['--format', 'md', '--file', 'd', '--output', 'o.txt', '--sample', '7', '--seed', '4711'];
    const known = ['--key', 'k1', '--key', 'k2', '--head', 'a.head'];
    await jit(['audit', 'report', '--from', '2h', '--to', '1h', ...rest, ...known], { offline });
    expect(requests).toEqual([
      {
        from: fakeNow - 7_200_000,
        to: fakeNow - 3_600_000,
        format: 'md',
        file: 'd',
        output: 'o.txt',
        sample: 7,
        seed: '4711',
        keys: ['k1', 'k2'],
        heads: ['a.head'],
      },
    ]);
  });

  it.each([
    ['r.html', 'html'],
    ['r.md', 'md'],
    ['r.JSON', 'json'],
  ])('takes the format of %s from its name', async (output, format) => {
    const { offline, requests } = reportOf();
    const { stdout } = await jit(['audit', 'report', '--output', output], { offline });
    expect(requests).toMatchObject([{ output, format }]);
    expect(stdout).toBe(
      `${output}: 9 requests, 80 events, from 2026-01-01 00:00:00 to 2026-04-01 00:00:00 UTC\nsha256 of its JSON ${usual.digest}\n`,
    );
  });

  it('refuses a name that tells no format, and HTML on a terminal', async () => {
    const { offline, requests } = reportOf();
    expect((await jit(['audit', 'report', '--output', 'report.pdf'], { offline })).code).toBe(2);
    const ran = await jit(['audit', 'report'], { offline, tty: true });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain('--output report.html');
    expect(requests).toEqual([]);
  });

  it('fails when the log is not valid, and says where', async () => {
    const { offline } = reportOf({ valid: false, problem: { seq: 7, what: 'its hash is another' } });
    const ran = await jit(['audit', 'report'], { offline });
    expect(ran).toMatchObject({ code: 1, stdout: '<p>report</p>\n' });
    expect(ran.stderr).toBe('jit: warning: the audit log is not valid: event 7: its hash is another\n');
  });

  it('shows on a terminal how far it is, also where the result goes to a file', async () => {
    const clock = new FakeClock();
    const { offline } = reportOf({}, () => clock.advance(600));
    const { stderr } = await jit(['audit', 'report', '--output', 'r.html'], { offline, clock, tty: true });
    expect(stderr).toContain('\rVerifying and reading 33 %');
    expect(stderr).toMatch(/\r +\r$/);
  });
});

describe('jit audit report --store', () => {
  function storeReportOf(reply: Partial<ReportReply> = {}) {
    const asked: unknown[] = [];
    const storeReport: Offline['storeReport'] = async (config, request, watch) => {
      asked.push([config, request]);
      await watch.take('<p>team</p>\n');
      return { ...usual, logs: { all: 3, invalid: 0, missing: 0 }, ...reply };
    };
    return { offline: { storeReport }, asked };
  }

  it('is about everybody, without a broker', async () => {
    const { offline, asked } = storeReportOf();
    const ran = await jit(['audit', 'report', '--store', '--kept-since', '1h', '--config', 'x'], { offline });
    expect(ran).toMatchObject({ code: 0, stdout: '<p>team</p>\n', stderr: '', connects: [] });
    const nothing = { from: null, to: null, output: null, seed: null, keys: [], heads: [] };
    expect(asked).toEqual([
      ['x', { format: 'html', sample: 25, ...nothing, keptSince: fakeNow - 3_600_000 }],
    ]);
  });

  it('fails when a log is not valid, and says how many and which', async () => {
    const problem = { seq: 7, what: '"jit.x", event 7: its hash is another' };
    const { offline } = storeReportOf({ valid: false, problem, logs: { all: 3, invalid: 1, missing: 0 } });
    const ran = await jit(['audit', 'report', '--store'], { offline });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toBe(
      'jit: warning: 1 of 3 logs in the shared store are not valid: "jit.x", event 7: its hash is another\n',
    );
  });

  it('fails when a log is not there that is known from elsewhere', async () => {
    const problem = { seq: 0, what: '"jit.x" is not there, and a key or a head of it was given' };
    const { offline, asked } = storeReportOf({
      valid: false,
      problem,
      logs: { all: 3, invalid: 0, missing: 1 },
    });
    const ran = await jit(['audit', 'report', '--store', '--key', 'k', '--head', 'x.head'], { offline });
    expect(asked).toMatchObject([[null, { keys: ['k'], heads: ['x.head'] }]]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toBe(
      'jit: warning: 1 of the logs that you know are not in the shared store: "jit.x" is not there, and a key or a head of it was given\n',
    );
  });

  it.each([
    [['--store', '--file', 'd'], 'exclude each other'],
    [['--kept-since', '1h'], 'is for --store'],
  ])('refuses %j', async (options, words) => {
    const { offline, asked } = storeReportOf();
    const ran = await jit(['audit', 'report', ...options], { offline });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain(words);
    expect(asked).toEqual([]);
  });
});
