import { expect, it } from 'vitest';
import type { LogView } from '../../../src/protocol/log.ts';
import { createFakeClient, fakeLog, fakeStatus } from '../../fakes/client.ts';
import { jit } from '../harness.ts';

const { origin } = fakeLog();
const setBack: Partial<LogView> = { signed: false, known: { origin, events: 52, from: 'file' } };

function fork(argv: string[], log: Partial<LogView> = setBack, typed: string | null = null) {
  const client = createFakeClient({ status: async () => fakeStatus({ auditLog: fakeLog(log) }) });
  const terminal = typed === null ? {} : { tty: true, answers: [typed] };
  const ran = jit(['audit', 'fork', ...argv], { client, ...terminal });
  return { ran, requests: () => client.asked('fork') };
}

it('says what is lost, and goes on with the reason once the name of the log was typed', async () => {
  const { ran, requests } = fork(['--reason', ' restored '], setBack, origin);
  expect(await ran).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`${origin}/2 goes on from ${origin} at 41 events`),
    stderr: expect.stringContaining(
      'has 41 events; the heads beside the database knew 52: at least 11 are missing',
    ),
  });
  expect((await ran).questions).toEqual([expect.stringContaining(origin)]);
  expect(requests()).toEqual([{ reason: 'restored' }]);
});

it('changes nothing when another name was typed, or nobody can be asked, or there is no reason', async () => {
  const wrong = fork(['--reason', 'x'], setBack, 'jit.other');
  expect((await wrong.ran).code).toBe(2);
  const unasked = fork(['--reason', 'x']);
  expect(await unasked.ran).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
  const mute = fork(['--yes']);
  expect(await mute.ran).toMatchObject({ code: 2, stderr: expect.stringContaining('--reason') });
  expect([wrong, unasked, mute].flatMap(({ requests }) => requests())).toEqual([]);
});

it('leaves a log alone that is in order, whatever it is told', async () => {
  const { ran, requests } = fork(['--reason', 'x', '--yes'], {});
  expect(await ran).toMatchObject({ code: 1, stderr: expect.stringContaining('jit audit rotate') });
  expect(requests()).toEqual([]);
});
