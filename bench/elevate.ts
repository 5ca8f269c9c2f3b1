// What `jit elevate … -- true` costs as a whole process, beside one Node that says the same to the server.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Scene } from '../src/demo/scene.ts';
import { bundleBare } from './bare.ts';
import { type Comparison, compare } from './measure.ts';
import { logSize, readRecording } from './recording.ts';

const broker = 'jit_broker';

/** Milliseconds, medians of 30, and how many statements one grant takes. */
export async function benchElevate(scene: Scene, jit: string): Promise<Comparison & { statements: number }> {
  const args = [jit, 'elevate', 'orders-db:read', '--for', '5m', '--', 'true'];
  const ours = { args, env: scene.env };
  const elevate = () => spawnSync(process.execPath, args, { env: scene.env });
  // The first grant also loads the driver and looks at the server: the second is what grants are like.
  elevate();
  await delay(2_000);
  const from = logSize(scene.serverFolder);
  elevate();
  await delay(2_000);
  const recording = readRecording(scene.serverFolder, from, broker);

  const script = path.join(scene.folder, 'recording.json');
  const [, port] = /port: (\d+)/.exec(readFileSync(scene.configFile, 'utf8')) ?? [];
  const password = readFileSync(path.join(scene.folder, 'broker-password'), 'utf8');
  const login = { host: '127.0.0.1', port: Number(port), user: broker, password };
  writeFileSync(script, JSON.stringify({ recording, login }), { mode: 0o600 });
  const bare = bundleBare('bare-elevate', scene.folder);
  const statements = recording.sessions.flatMap((session) => session.statements).length;
  return { ...compare(ours, { args: [bare, script], env: scene.env }, 30), statements };
}
