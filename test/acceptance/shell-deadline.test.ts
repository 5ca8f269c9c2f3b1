// A grant that runs out in a living shell: countdown, warning and end by themselves, also with jit itself stopped.

import { describe, test } from 'vitest';
import { holdersOf } from '../../src/shell/holders.ts';
import { environmentOf, statusField } from '../support/proc.ts';
import { shellKinds } from '../support/shell-kinds.ts';
import { endedPrompt, noShells, patience, serveShellUser } from '../support/shell-user.ts';
import { missing, type Terminal } from '../support/tmux.ts';
import { until } from '../support/until.ts';

describe.skipIf(noShells)(`the deadline of a shell${noShells ? ` (skipped: ${noShells})` : ''}`, () => {
  const users = serveShellUser();

  /** Presses Enter until the prompt says it: an idle bash looks only then. */
  const enterUntil = (terminal: Terminal, pattern: RegExp): Promise<void> =>
    until(async () => {
      await terminal.press('Enter');
      const screen = await terminal.screen();
      if (!pattern.test(screen)) throw new Error(`never ${pattern}:\n${screen}`);
    });

  for (const shell of shellKinds) {
    const absent = missing(shell.name);
    const place = { timeout: 90_000, skip: absent !== null };
    const why = absent ? ` (skipped: ${absent})` : '';

    test.concurrent(
      `${shell.name} counts down and warns, anew after an extension, and loses access while jit is stopped${why}`,
      place,
      async ({ expect, onTestFinished }) => {
        const user = users.fresh(onTestFinished);
        const { terminal, grant } = await user.openElevated(shell, 'lock-db:write --for 14s');
        onTestFinished(() => terminal.close());
        await enterUntil(terminal, /^\[lock-db:write (9|10|11)s\] p> /m);
        expect(await terminal.screen()).not.toContain('ends in');
        await enterUntil(
          terminal,
          /^jit: lock-db:write ends in [1-7]s - "jit extend --for 14s" or finish up\./m,
        );
        await enterUntil(terminal, /^\[lock-db:write [1-6]s\] p> /m);

        await terminal.line('clear; jit extend --for 14s');
        await terminal.waitFor(/^extended /m, patience);
        await terminal.line('clear');
        await terminal.waitFor(/^\[lock-db:write 1[0-4]s\] p> /m, patience);
        await enterUntil(terminal, /^jit: lock-db:write ends in [1-7]s /m);

        const [shellPid] = holdersOf(grant);
        if (shellPid === undefined) throw new Error('no process holds the grant');
        const inside = environmentOf(shellPid);
        const jit = Number(inside.get('JIT_PARENT'));
        const login = inside.get('PGUSER');
        await terminal.line('psql -w -Atc "SELECT 6 * 7"');
        await terminal.waitFor(/^42$/m, patience);
        process.kill(jit, 'SIGSTOP');
        await until(async () => {
          const left = await users.server.sql(
            `SELECT 1 FROM pg_roles WHERE rolcanlogin AND rolname = '${login}'`,
          );
          expect(left).toEqual([]);
        });
        expect(statusField(jit, 'State')).toMatch(/^T/);
        // The broker wakes the shell by itself.
        await enterUntil(terminal, endedPrompt);
        await terminal.line('psql -w -c "SELECT 1"');
        await terminal.waitFor(/^psql: error: /m, patience);
        expect(statusField(jit, 'State')).toMatch(/^T/);
        await terminal.line('exit 8');
        process.kill(jit, 'SIGCONT');
        await terminal.waitFor(/^jit: lock-db:write ended at .*\(its deadline\)/m, patience);
        await terminal.waitFor(/^jit=8$/m, patience);
      },
    );
  }
});
