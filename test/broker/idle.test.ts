import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { usualTiming } from '../../src/broker/broker.ts';
import { elevate } from '../../src/broker/elevate.ts';
import { type IdleWatch, watchIdle } from '../../src/broker/idle.ts';
import { endGrant } from '../../src/broker/revocation.ts';
import { startBroker } from '../../src/broker/start.ts';
import { resolvePaths } from '../../src/system/paths.ts';
import { temporaryFolder } from '../fakes/folder.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';
import { until } from '../support/until.ts';

const { idle } = usualTiming;

describe('the watch over an idle broker', () => {
  let world: TestBroker;
  let watch: IdleWatch;
  let fired: number;
  beforeEach(() => {
    world = createTestBroker();
    fired = 0;
    watch = watchIdle(world.broker, () => {
      fired += 1;
    });
  });
  afterEach(() => {
    watch.stop();
    world.remove();
  });

  test('ends a broker with nothing open after its time, once', () => {
    world.clock.advance(idle - 1);
    expect(fired).toBe(0);
    world.clock.advance(1);
    expect(fired).toBe(1);
    world.clock.advance(idle * 3);
    expect(fired).toBe(1);
  });

  test('counts anew from the last one who asked', () => {
    world.clock.advance(idle / 2);
    watch.touch();
    world.clock.advance(idle - 1);
    expect(fired).toBe(0);
    world.clock.advance(1);
    expect(fired).toBe(1);
  });

  test('leaves one with an active grant alone, however long, and counts from its end', async () => {
    const { grant } = await elevate(world.broker, ada, request({ duration: 3_600_000 }));
    world.clock.advance(idle * 5);
    expect(fired).toBe(0);
    await endGrant(world.broker, grant.id, 'revoked');
    world.clock.advance(idle - 30_000);
    expect(fired).toBe(0);
    world.clock.advance(60_000);
    expect(fired).toBe(1);
  });

  test('leaves one alone whose grant has ended and whose credential is not confirmed gone', async () => {
    const { grant } = await elevate(world.broker, ada, request());
    world.target.faults.lieOnRevoke = true;
    await endGrant(world.broker, grant.id, 'revoked');
    expect(world.broker.ledger.openLeases()).toHaveLength(1);
    world.clock.advance(idle * 5);
    expect(fired).toBe(0);
  });

  test('goes on watching when the state could not be read, and takes the broker for needed meanwhile', () => {
    const { ledger } = world.broker;
    vi.spyOn(ledger, 'openLeases').mockImplementationOnce(() => {
      throw new Error('the disk is away');
    });
    world.clock.advance(idle);
    expect(fired).toBe(0);
    world.clock.advance(idle);
    expect(fired).toBe(1);
  });

  test('makes the file of the store whole a moment after the last request, not before', async () => {
    const { grant } = await elevate(world.broker, ada, request());
    const wal = `${world.broker.paths.database}-wal`;
    world.clock.advance(300);
    watch.touch();
    world.clock.advance(300);
    expect(statSync(wal).size).toBeGreaterThan(0);
    world.clock.advance(200);
    expect(statSync(wal).size).toBe(0);
    // Nothing is lost by it, and the next write is as good as any.
    await endGrant(world.broker, grant.id, 'revoked');
    expect(world.types()).toContain('grant.ended');
  });

  test('asks nobody any more once stopped', () => {
    watch.stop();
    world.clock.advance(idle * 3);
    expect(fired).toBe(0);
  });
});

test('a broker that nobody needs ends by itself, with an event, and leaves no socket and no lock', async () => {
  const dir = temporaryFolder();
  for (const name of ['run', 'state']) mkdirSync(path.join(dir, name), { mode: 0o700 });
  const env = {
    HOME: dir,
    XDG_RUNTIME_DIR: path.join(dir, 'run'),
    XDG_STATE_HOME: path.join(dir, 'state'),
    JIT_CONFIG: path.join(dir, 'jit.yaml'),
  };
  writeFileSync(env.JIT_CONFIG, 'version: 1\ntargets: {}\nentitlements: []\n');
  const paths = resolvePaths(env);
  const timing = { ...usualTiming, idle: 300 };
  const first = await startBroker(paths, {}, timing);
  expect(existsSync(paths.socket)).toBe(true);
  expect(await startBroker(paths, {}, timing)).toBeNull();
  let isOver = false;
  void first?.ended.then(() => {
    isOver = true;
  });
  await until(() => expect(isOver).toBe(true));
  expect(existsSync(paths.socket)).toBe(false);
  const second = await startBroker(paths, {}, timing);
  const stops = second?.broker.ledger.store.events().filter(({ body }) => body.type === 'broker.stop');
  expect(stops?.map(({ body }) => body.data)).toEqual([{ cause: 'idle', open_leases: 0 }]);
  await second?.stop('asked to stop');
});
