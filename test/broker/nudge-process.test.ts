import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { elevate } from '../../src/broker/elevate.ts';
import { startBroker } from '../../src/broker/start.ts';
import { resolvePaths } from '../../src/system/paths.ts';
import { sessionOf } from '../../src/system/process-info.ts';
import { temporaryFolder } from '../fakes/folder.ts';
import { programLine } from '../support/command-target.ts';
import { wish } from '../support/request.ts';
import { until } from '../support/until.ts';

/** Somebody with a target of programs in a folder. */
function user() {
  const dir = temporaryFolder();
  for (const name of ['run', 'state', 'live']) mkdirSync(path.join(dir, name), { mode: 0o700 });
  const target = {
    provider: 'command',
    risk: 'high',
    issue: programLine,
    revoke: programLine,
    confirm: programLine,
    env: { LEDGER: dir },
    with: { ledger: dir },
    roles: { use: {} },
  };
  const rule = { name: 'all', who: ['user:ada'], roles: ['box:use'], max_duration: '1h' };
  const config = path.join(dir, 'jit.yaml');
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ version: 1, targets: { box: target }, entitlements: [rule] }));
  return resolvePaths({
    HOME: dir,
    XDG_RUNTIME_DIR: path.join(dir, 'run'),
    XDG_STATE_HOME: path.join(dir, 'state'),
    JIT_CONFIG: config,
  });
}

/** A process that says `woken` at each SIGURG. */
async function shell() {
  const text =
    "process.on('SIGURG', () => console.log('woken')); console.log('ready'); setInterval(() => 0, 1e9)";
  const child = spawn(process.execPath, ['-e', text]);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    said += more;
  });
  await until(() => expect(said).toBe('ready\n'));
  const session = sessionOf(child.pid ?? 0);
  if (!session) throw new Error('the child has ended');
  return { session, times: () => said.split('woken').length - 1 };
}

test('a real broker wakes the real process of a grant at its start and at its end, and leaves an empty file', async () => {
  const paths = user();
  const { session, times } = await shell();
  const running = await startBroker(paths, {});
  if (!running) throw new Error('another broker runs');
  const caller = { principal: 'user:ada', peer: 'test', pid: null, signal: new AbortController().signal };
  try {
    const request = wish({ target: 'box', role: 'use', duration: 600_000, keep: false, session });
    const { grant } = await elevate(running.broker, caller, request);
    expect(readFileSync(paths.promptState, 'utf8')).toContain(` ${grant.id} box use high active\n`);
    await until(() => expect(times()).toBe(1));
  } finally {
    await running.stop('asked to stop');
  }
  expect(readFileSync(paths.promptState, 'utf8')).toBe('jit1 3\n');
  await until(() => expect(times()).toBe(2));
});
