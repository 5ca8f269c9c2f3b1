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

  // Each wait below may last for half of a grant.
  const long = 60_000;
  /** Presses Enter until the prompt says it: an idle bash looks only then. Answers the screen that did. */
  const enterUntil = (terminal: Terminal, pattern: RegExp): Promise<string> =>
    until(async () => {
      await terminal.press('Enter');
      const screen = await terminal.screen();
      if (!pattern.test(screen)) throw new Error(`never ${pattern}:\n${screen}`);
      return screen;
    }, long);

  for (const shell of shellKinds) {
    const absent = missing(shell.name);
    const place = { timeout: 180_000, skip: absent !== null };
    const why = absent ? ` (skipped: ${absent})` : '';

    test.concurrent(
      `${shell.name} counts down and warns, anew after an extension, and loses access while jit is stopped${why}`,
      place,
      async ({ expect, onTestFinished }) => {
        const user = users.fresh(onTestFinished);
        const { terminal, grant } = await user.openElevated(shell, 'lock-db:write --for 30s');
        onTestFinished(() => terminal.close());
        // The warning comes at half of it: on a busy machine, seconds may pass between two looks.
        const early = /^\[lock-db:write (1[6-9]|2\d|30)s\] p> /m;
        expect(await enterUntil(terminal, early)).not.toContain('ends in');
        await enterUntil(
          terminal,
          /^jit: lock-db:write ends in (\d|1[0-5])s - "jit extend --for 30s" or finish up\./m,
        );
        await enterUntil(terminal, /^\[lock-db:write (\d|1[0-5])s\] p> /m);

        await terminal.line('clear; jit extend --for 30s');
        await terminal.waitFor(/^extended /m, patience);
        await terminal.line('clear');
        await terminal.waitFor(early, patience);
        await enterUntil(terminal, /^jit: lock-db:write ends in (\d|1[0-5])s /m);

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
        }, long);
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
