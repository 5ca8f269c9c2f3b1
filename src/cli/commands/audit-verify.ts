// jit audit verify: whether the log is whole: no gap, no change, no fork. Works without a broker.

import { exitCodeOf, JitError } from '../../core/errors.ts';
import { arg, defineCommand } from '../define-command.ts';
import { escapeText } from '../escape.ts';
import { waiting } from '../progress.ts';

export const auditVerify = defineCommand({
  name: 'audit verify',
  summary: 'verify the audit log: nothing changed, nothing missing',
  description: 'Needs no broker. Exit code 1 when something is wrong.',
  args: { file: arg.optional('a log file; without it, your own', 'file') },
  options: {},
  json: {
    path: '/home/alice/.local/state/jit/jit.db',
    valid: true,
    events: 128,
    head: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    first_at: '2026-11-01T08:00:00.000Z',
    last_at: '2026-11-22T14:32:00.000Z',
    clock_steps: 0,
    problem: null,
  },
  examples: [
    { command: 'jit audit verify', does: 'your own log' },
    { command: 'jit audit verify /backup/jit.db --json', does: 'a copy, for a script' },
  ],
  async run(world, { args, json }) {
    const { out } = world;
    const offline = await world.loadOffline();
    const reply = await waiting(world, 'Verifying', offline.auditVerify(args.file));
    if (json) {
      out.json(reply);
      return reply.valid ? 0 : exitCodeOf.ERR_AUDIT_INVALID;
    }
    if (!reply.valid) {
      const where = reply.problem ? `event ${reply.problem.seq}: ${reply.problem.what}` : 'unknown problem';
      throw new JitError('ERR_AUDIT_INVALID', `the audit log "${reply.path}" is not valid: ${where}`, {
        hint: 'keep the file as it is and compare it with a backup',
      });
    }
    const span = reply.firstAt && reply.lastAt ? `, from ${reply.firstAt} to ${reply.lastAt}` : '';
    out.print(`${escapeText(reply.path)}: valid, ${reply.events} events${span}`);
    out.print(`head ${reply.head}`);
    return 0;
  },
});
