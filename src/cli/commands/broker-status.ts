// jit broker status: whether a broker runs, since when, and how far it is hardened.

import { exitCodeOf } from '../../core/errors.ts';
import { defineCommand } from '../define-command.ts';
import { escapeText } from '../escape.ts';
import { hardeningRow } from '../hardening-text.ts';
import { pairs } from '../listing.ts';
import { reachRunningBroker } from '../reach.ts';
import { stampText } from '../time-text.ts';

export const brokerStatus = defineCommand({
  name: 'broker status',
  summary: 'show whether the broker runs and how it is hardened',
  description: 'Does not start a broker. Exit code 7 when none runs.',
  args: {},
  options: {},
  json: {
    running: true,
    version: '0.1.0',
    protocol: { newest: 1, oldest: 1 },
    pid: 4711,
    started_at: '2026-11-22T14:00:00.000Z',
    config: '/home/alice/.config/jit/jit.yaml',
    hardening: { debugger: 'on', environment: 'on', cores: 'on', undumpable: 'on', peercred: 'on' },
  },
  examples: [{ command: 'jit broker status', does: 'process, configuration and hardening' }],
  async run(world, { json }) {
    const { out } = world;
    const client = await reachRunningBroker(world);
    if (!client) {
      if (json) out.json({ running: false });
      else out.print('no broker runs; the next command that needs one starts it');
      return exitCodeOf.ERR_BROKER_UNREACHABLE;
    }
    const hello = await client.hello();
    if (json) {
      out.json({ running: true, ...hello });
      return 0;
    }
    const rows = [
      ['version', hello.version],
      ['process', String(hello.pid)],
      ['running since', stampText(hello.startedAt)],
      ['config', escapeText(hello.config)],
      ...Object.entries(hello.hardening).map(([name, state]) => hardeningRow(name, state).map(escapeText)),
    ];
    out.print(pairs(out, rows).join('\n'));
    return 0;
  },
});
