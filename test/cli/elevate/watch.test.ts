import { describe, expect, it } from 'vitest';
import { watchGrant } from '../../../src/cli/elevate/watch.ts';
import type { Client } from '../../../src/client/client.ts';
import { JitError } from '../../../src/core/errors.ts';
import type { WaitRequest } from '../../../src/protocol/routes.ts';
import type { GrantView } from '../../../src/protocol/views.ts';
import { createFakeClient, fakeGrant, fakeNow } from '../../fakes/client.ts';
import { FakeClock } from '../../fakes/clock.ts';

/** Lets everything that is ready run. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A broker whose answers to `wait` the test gives one by one. */
function scripted() {
  const waits: { request: WaitRequest; answer: (grant: GrantView) => void; fail: (error: Error) => void }[] =
    [];
  const client = createFakeClient({
    wait: (request) =>
      new Promise((answer, fail) => {
        waits.push({ request, answer, fail });
      }),
  });
  return { client, waits };
}

function watched(client: Client, reconnect: () => Promise<Client> = async () => client) {
  const clock = new FakeClock(fakeNow);
  const watch = watchGrant({ grant: fakeGrant(), client, reconnect, clock });
  let hasEnded = false;
  void watch.ended.then(() => {
    hasEnded = true;
  });
  return { clock, watch, hasEnded: () => hasEnded };
}

const unreachable = new JitError('ERR_BROKER_UNREACHABLE', 'gone');

describe('watchGrant', () => {
  it('ends when the broker says that the grant has ended', async () => {
    const { client, waits } = scripted();
    const { watch } = watched(client);
    waits[0]?.answer(fakeGrant({ state: 'ended', endCause: 'revoked' }));
    await watch.ended;
    expect(watch.current().endCause).toBe('revoked');
    watch.stop();
  });

  it('asks again with what it knows by then, and follows a later deadline', async () => {
    const { client, waits } = scripted();
    const { clock, watch, hasEnded } = watched(client);
    const deadline = fakeNow + 3_600_000;
    waits[0]?.answer(fakeGrant({ deadline }));
    await settle();
    expect(waits[1]?.request.known).toEqual({ state: 'active', deadline, notRefreshed: null });
    clock.advance(1_800_000 + 5_000);
    await settle();
    expect(hasEnded()).toBe(false);
    clock.advance(1_800_000);
    await watch.ended;
    watch.stop();
  });

  it('ends a second after the deadline when the broker keeps silent', async () => {
    const { client } = scripted();
    const { clock, watch, hasEnded } = watched(client);
    clock.advance(1_800_000 + 999);
    await settle();
    expect(hasEnded()).toBe(false);
    clock.advance(1);
    await watch.ended;
    watch.stop();
  });

  it('ends soon after the machine has slept over the deadline', async () => {
    const { client } = scripted();
    const { clock, watch } = watched(client);
    clock.sleepMachine(7_200_000);
    clock.advance(15_000);
    await watch.ended;
    watch.stop();
  });

  it('ends in time although the wall clock was set back', async () => {
    const { client } = scripted();
    const { clock, watch, hasEnded } = watched(client);
    clock.advance(60_000);
    clock.step(-3_600_000);
    clock.advance(1_740_000 + 999);
    await settle();
    expect(hasEnded()).toBe(false);
    clock.advance(1);
    await watch.ended;
    watch.stop();
  });

  it('ends at once when it is told to look after a stop over the deadline', async () => {
    const { client } = scripted();
    const { clock, watch } = watched(client);
    clock.sleepMachine(7_200_000);
    watch.look();
    await watch.ended;
    expect(clock.pending).toBe(0);
    watch.stop();
  });

  it('tells of each new deadline, and of nothing else, as long as somebody listens', async () => {
    const { client, waits } = scripted();
    const { watch } = watched(client);
    const heard: number[] = [];
    const stop = watch.onDeadline((deadline) => heard.push(deadline));
    waits[0]?.answer(fakeGrant());
    await settle();
    waits[1]?.answer(fakeGrant({ deadline: fakeNow + 3_600_000 }));
    await settle();
    stop();
    waits[2]?.answer(fakeGrant({ deadline: fakeNow + 4_000_000 }));
    await settle();
    expect(heard).toEqual([fakeNow + 3_600_000]);
    watch.stop();
  });

  it('reaches another broker when the one at hand is gone, however often it takes', async () => {
    const first = scripted();
    const second = scripted();
    let tries = 0;
    const { clock, watch } = watched(first.client, async () => {
      tries += 1;
      if (tries < 3) throw unreachable;
      return second.client;
    });
    first.waits[0]?.fail(unreachable);
    for (let round = 0; round < 5 && second.waits.length === 0; round += 1) {
      await settle();
      clock.advance(5_000);
      await settle();
    }
    second.waits[0]?.answer(fakeGrant({ state: 'ended', endCause: 'recovery' }));
    await watch.ended;
    expect(tries).toBe(3);
    watch.stop();
  });

  it('ends when a broker does not know the grant', async () => {
    const { client, waits } = scripted();
    const { watch } = watched(client);
    waits[0]?.fail(new JitError('ERR_UNKNOWN_NAME', 'no such grant'));
    await watch.ended;
    watch.stop();
  });

  it('leaves no timer and asks nothing more once stopped', async () => {
    const { client, waits } = scripted();
    const { clock, watch, hasEnded } = watched(client);
    watch.stop();
    waits[0]?.fail(unreachable);
    await settle();
    clock.advance(10_000_000);
    await settle();
    expect([clock.pending, waits.length, hasEnded()]).toEqual([0, 1, false]);
  });
});
