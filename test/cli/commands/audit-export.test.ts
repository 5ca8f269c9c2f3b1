import { describe, expect, it } from 'vitest';
import { JitError } from '../../../src/core/errors.ts';
import type { ExportBatch, ExportRequest, Offline } from '../../../src/protocol/offline.ts';
import { fakeNow } from '../../fakes/client.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { jit } from '../harness.ts';

/** An export of these batches; `between` is called before each. */
function exportOf(batches: readonly ExportBatch[], between: () => void = () => undefined) {
  const requests: ExportRequest[] = [];
  const auditExport: Offline['auditExport'] = async (request, take) => {
    requests.push(request);
    for (const batch of batches) {
      between();
      await take(batch);
    }
    return { events: 0, cursor: null };
  };
  return { offline: { auditExport }, requests };
}

const batch = (text: string, done = 1, total = 1): ExportBatch => ({ text, events: 1, done, total });

describe('jit audit export', () => {
  it('writes what there is as it is, without a broker', async () => {
    const { offline, requests } = exportOf([batch('one\r\n'), batch('two\n')]);
    const ran = await jit(['audit', 'export'], { offline });
    expect(ran).toMatchObject({ code: 0, stdout: 'one\r\ntwo\n', stderr: '', connects: [] });
    const nothing = { since: null, until: null, after: null, cursorFile: null, file: null };
    expect(requests).toEqual([{ format: 'jsonl', ocsf: '1.8', ...nothing }]);
  });

  it('hands everything over that was asked for', async () => {
    const { offline, requests } = exportOf([]);
    const times = ['--since', '2h', '--until', '1h'];
    const rest = ['--ocsf', '1.9', '--after', 'jit.x:1', '--cursor-file', 'c', '--file', 'd'];
    await jit(['audit', 'export', '--format', 'ocsf', ...times, ...rest], { offline });
    expect(requests).toEqual([
      {
        format: 'ocsf',
        ocsf: '1.9',
        since: fakeNow - 7_200_000,
        until: fakeNow - 3_600_000,
        after: 'jit.x:1',
        cursorFile: 'c',
        file: 'd',
      },
    ]);
  });

  it('knows no other format', async () => {
    expect((await jit(['audit', 'export', '--format', 'xml'])).code).toBe(2);
  });

  it('tells a failure after what was written', async () => {
    const auditExport = async () => {
      throw new JitError('ERR_AUDIT_INVALID', 'row 3 does not match', { hint: 'jit audit verify' });
    };
    const ran = await jit(['audit', 'export'], { offline: { auditExport } });
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain('row 3 does not match');
  });

  it('says after five seconds that it goes on, once, where nobody sees a line move', async () => {
    const clock = new FakeClock();
    const { offline } = exportOf([batch('1'), batch('2'), batch('3')], () => clock.advance(3_000));
    const { stderr } = await jit(['audit', 'export'], { offline, clock });
    expect(stderr).toBe('jit: still exporting …\n');
  });
});

describe('jit audit export --store', () => {
  function storeExportOf() {
    const asked: unknown[] = [];
    const storeExport: Offline['storeExport'] = async (config, request, take) => {
      asked.push([config, request]);
      await take(batch('one\n'));
      return { events: 1, logs: 2 };
    };
    return { offline: { storeExport }, asked };
  }

  it('writes what everybody did', async () => {
    const { offline, asked } = storeExportOf();
    const ran = await jit(['audit', 'export', '--store', '--cursor-file', 'c', '--config', 'x'], { offline });
    expect(ran).toMatchObject({ code: 0, stdout: 'one\n', stderr: '', connects: [] });
    const request = { format: 'jsonl', ocsf: '1.8', since: null, until: null, cursorFile: 'c' };
    expect(asked).toEqual([['x', request]]);
  });

  it.each([
    [['--store', '--file', 'd'], 'exclude each other'],
    [['--store', '--after', 'jit.x:1'], '--cursor-file'],
    [['--ocsf', '1.9'], 'add --format ocsf'],
    [['--format', 'cef', '--ocsf', '1.8'], 'add --format ocsf'],
  ])('refuses %j', async (options, words) => {
    const { offline, asked } = storeExportOf();
    const ran = await jit(['audit', 'export', ...options], { offline });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain(words);
    expect(asked).toEqual([]);
  });
});
