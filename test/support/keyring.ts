// A real Secret Service for tests: gnome-keyring on a message bus of its own, in folders of its own, unlocked.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { missing } from './tmux.ts';

/** Why tests with it are skipped; null when all is there. */
export const noKeyring = missing('dbus-run-session', 'dbus-send', 'gnome-keyring-daemon');

/** A bus that starts nothing by itself: asked too early, it would start a second keyring, which outlives it. */
const busConfig = `<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><policy context="default">
  <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`;

const bus = 'org.freedesktop.DBus';
const isThere = `dbus-send --session --print-reply --dest=${bus} / ${bus}.NameHasOwner string:org.freedesktop.secrets`;

/** A running keyring. */
export interface Keyring {
  /** How to reach it. */
  readonly env: { readonly DBUS_SESSION_BUS_ADDRESS: string };
  close(): Promise<void>;
}

/** Starts it; the bus, and the keyring with it, ends when `close` ends the input of its shell. */
export async function startKeyring(): Promise<Keyring> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'keyring-'));
  for (const name of ['run', 'data']) mkdirSync(path.join(dir, name), { mode: 0o700 });
  const config = path.join(dir, 'bus.conf');
  writeFileSync(config, busConfig);
  const script = `printf test | gnome-keyring-daemon --unlock --components=secrets >/dev/null
    until ${isThere} | grep -q true; do sleep 0.02; done
    echo "$DBUS_SESSION_BUS_ADDRESS"; exec cat`;
  const child = spawn('dbus-run-session', [`--config-file=${config}`, '--', 'sh', '-c', script], {
    env: {
      PATH: process.env['PATH'],
      HOME: dir,
      XDG_RUNTIME_DIR: path.join(dir, 'run'),
      XDG_DATA_HOME: path.join(dir, 'data'),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => void child.once('close', () => resolve()));
  const address = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.once('error', reject);
    child.once('close', () => reject(new Error('the message bus has ended')));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('\n')) resolve(said.trim());
    });
  });
  return {
    env: { DBUS_SESSION_BUS_ADDRESS: address },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}
