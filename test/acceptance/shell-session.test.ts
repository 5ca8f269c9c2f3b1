// Life under a grant in bash, zsh and fish on a terminal, beside a real broker and a real PostgreSQL: indicator,
// nesting, extension, suspending, leaving.

import { describe, test } from 'vitest';
import { findHolders, holdersOf, nameOf } from '../../src/shell/holders.ts';
import { shellKinds } from '../support/shell-kinds.ts';
import { endedPrompt, noShells, patience, serveShellUser } from '../support/shell-user.ts';
import { missing, type Terminal } from '../support/tmux.ts';
import { until } from '../support/until.ts';

describe.skipIf(noShells)(`a shell under a grant${noShells ? ` (skipped: ${noShells})` : ''}`, () => {
  const users = serveShellUser();

  let asked = 0;
  /** What a line prints between two marks of its own. */
  const ask = async (terminal: Terminal, line: string): Promise<string> => {
    asked += 1;
    const mark = asked;
    await terminal.line(`clear; echo from-${mark}; ${line}; echo to-$(echo ${mark})`);
    const pattern = new RegExp(`^from-${mark}\\n([\\s\\S]*)^to-${mark}$`, 'm');
    const [, said = ''] = await terminal.waitFor(pattern, patience);
    return said.trim();
  };
  /** A process in a session of its own, and a tmux server with one more. */
  const startSurvivors = async (terminal: Terminal, grant: string): Promise<readonly number[]> => {
    const server = `tmux -S survivor -f /dev/null new-session -d 'exec sleep 301'`;
    await ask(terminal, `setsid -f sleep 300 >/dev/null 2>&1 </dev/null; env -u TMUX ${server}`);
    // Those who start them do not wait until they are what they are to be.
    return until(() => {
      const named = holdersOf(grant).map((pid) => ({ pid, name: nameOf(pid) ?? '' }));
      const found = named.filter(({ name }) => name === 'sleep' || name.startsWith('tmux'));
      const names = found.map(({ name }) => name).toSorted();
      if (names.join() !== 'sleep,sleep,tmux: server') throw new Error(`only ${names} run`);
      return found.map(({ pid }) => pid);
    });
  };
  const endAll = (pids: readonly number[]): void => {
    for (const pid of pids) process.kill(pid, 'SIGKILL');
  };
  const login = 'psql -Atc "SELECT current_user, 6 * 7"';
  const rolesLeft = (like: string) =>
    users.server.sql(`SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname = '${like}'`);

  describe.each(shellKinds)('in $name', (shell) => {
    const absent = missing(shell.name);
    const place = { timeout: 90_000, skip: absent !== null };
    const why = absent ? ` (skipped: ${absent})` : '';

    test.concurrent(
      `grants stack, exit unwinds them, and each has its own login${why}`,
      place,
      async ({ expect, onTestFinished }) => {
        const user = users.fresh(onTestFinished);
        const terminal = await user.open(shell);
        onTestFinished(() => terminal.close());
        const outer = await user.elevate(terminal, shell, 'lock-db:write --for 30m');
        await terminal.waitFor(/^\[lock-db:write 30m\] p> $/m, patience);
        const outerLogin = await ask(terminal, login);
        expect(outerLogin).toMatch(/^jit_l\w+\|42$/);

        await terminal.line(`clear; jit elevate lock-db:read --for 20m; echo jit=${shell.status}`);
        await terminal.waitFor(new RegExp(`inside grant .*${outer.grant}`), patience);
        await terminal.waitFor(/^\[lock-db:read \d+m, lock-db:write \d+m\] p> $/m, patience);
        const innerLogin = await ask(terminal, login);
        expect(innerLogin).toMatch(/^jit_l\w+\|42$/);
        expect(innerLogin).not.toBe(outerLogin);

        await terminal.line('clear; exit 3');
        await terminal.waitFor(/^jit: left lock-db:read after .*access revoked$/m, patience);
        await terminal.waitFor(/^jit=3\n\[lock-db:write (30|29)m\] p> $/m, patience);
        expect(await rolesLeft(innerLogin.split('|')[0] ?? '')).toEqual([]);
        expect(await ask(terminal, login)).toBe(outerLogin);

        await terminal.line('clear; exit 0');
        await terminal.waitFor(/^jit: left lock-db:write after .*access revoked$/m, patience);
        await terminal.waitFor(/^jit=0\np> $/m, patience);
        expect(await rolesLeft(outerLogin.split('|')[0] ?? '')).toEqual([]);
        expect(await ask(terminal, shell.isSet('PGUSER'))).toBe('is=<none>');
      },
    );

    test(
      `the end of an outer grant takes the inner one along, and each shell shows it${why}`,
      place,
      async ({ expect, onTestFinished }) => {
        const user = users.fresh(onTestFinished);
        const terminal = await user.open(shell);
        onTestFinished(() => terminal.close());
        const outer = await user.elevate(terminal, shell, 'lock-db:write --for 30m');
        await terminal.line('clear; jit elevate lock-db:read --for 20m');
        await terminal.waitFor(/^\[lock-db:read \d+m, lock-db:write \d+m\] p> $/m, patience);
        await user.revoke(outer.grant);
        await terminal.press('Enter');
        await terminal.waitFor(endedPrompt, patience);
        expect(await ask(terminal, `${login} 2>&1`)).toMatch(/^psql: error: /);
        await terminal.line('clear; exit');
        await terminal.waitFor(/^jit: lock-db:read ended at [\s\S]*^\[jit ended\] p> $/m, patience);
        expect(await ask(terminal, `${login} 2>&1`)).toMatch(/^psql: error: /);
        await terminal.line('clear; exit 5');
        await terminal.waitFor(/^jit=5\np> $/m, patience);
      },
    );

    test(
      `jit extend inside and outside leaves shell, environment and login as they are${why}`,
      place,
      async ({ expect, onTestFinished }) => {
        const user = users.fresh(onTestFinished);
        const terminal = await user.open(shell);
        onTestFinished(() => terminal.close());
        const { grant } = await user.elevate(terminal, shell, 'lock-db:write --for 10m');
        const facts = `echo ${shell.pid} $PGUSER $PGPASSFILE $JIT_GRANT_ID`;
        const before = await ask(terminal, facts);
        const outside = Number(before.split(' ')[0]);
        expect(outside).toBeGreaterThan(1);
        const said = await ask(terminal, 'jit extend --for 20m');
        expect(said).toMatch(/^extended .*lock-db:write/);
        await terminal.waitFor(/^\[lock-db:write 20m\] p> $/m, patience);
        expect(await ask(terminal, facts)).toBe(before);
        expect(await ask(terminal, login)).toMatch(/\|42$/);

        expect((await user.world.jit('extend', grant, '--for', '40m')).code).toBe(0);
        await terminal.press('Enter');
        await terminal.waitFor(/^\[lock-db:write 40m\] p> $/m, patience);
        expect(await ask(terminal, facts)).toBe(before);
        expect(await ask(terminal, login)).toMatch(/\|42$/);
        await terminal.line('exit');
        await terminal.waitFor(/^jit=0$/m, patience);
      },
    );

    test.concurrent(
      `a grant revoked elsewhere drops secrets, and psql is refused without asking for a password${why}`,
      place,
      async ({ expect, onTestFinished }) => {
        const user = users.fresh(onTestFinished);
        const terminal = await user.open(shell);
        onTestFinished(() => terminal.close());
        const { grant } = await user.elevate(terminal, shell, 'lock-db:write --for 30m --export url');
        expect(await ask(terminal, shell.isSet('DATABASE_URL'))).toMatch(/^is=<postgres:/);
        await user.revoke(grant);
        await terminal.line('clear');
        await terminal.waitFor(/^\[jit ended\] p> $/m, patience);
        expect(await ask(terminal, shell.isSet('DATABASE_URL'))).toBe('is=<none>');
        expect(await ask(terminal, shell.isSet('PGUSER'))).toMatch(/^is=<jit_l/);
        // It asks nobody for a password, and does not hang.
        const said = await ask(terminal, `${login} 2>&1`);
        expect(said).toMatch(/^psql: error: .*password authentication failed for user "jit_\w+"/s);
        await terminal.line('clear; exit 9');
        await terminal.waitFor(/^jit=9$/m, patience);
      },
    );

    test.concurrent(
      `suspend gives the terminal back, and fg returns to the grant${why}`,
      place,
      async ({ expect, onTestFinished }) => {
        const user = users.fresh(onTestFinished);
        const terminal = await user.open(shell);
        onTestFinished(() => terminal.close());
        await user.elevate(terminal, shell, 'lock-db:write --for 30m');
        await terminal.line('suspend');
        await terminal.waitFor(/[Ss]topped|suspended/, patience);
        await terminal.waitFor(/^p> $/m, patience);
        await terminal.line('fg');
        await until(async () => {
          await terminal.press('Enter');
          expect(await terminal.screen()).toMatch(/^\[lock-db:write \d+m\] p> $\s*$/m);
        });
        expect(await ask(terminal, login)).toMatch(/\|42$/);
        await terminal.line('exit');
        await terminal.waitFor(/^jit=0$|left lock-db:write/m, patience);
      },
    );

    test.concurrent(
      `Ctrl-C in a slow start file costs that file, not the indicator${why}`,
      place,
      async ({ expect, onTestFinished }) => {
        const user = users.fresh(onTestFinished);
        const terminal = await user.open(shell, { SLOW_RC: '1' });
        onTestFinished(() => terminal.close());
        await terminal.line('clear; jit elevate lock-db:write --for 30m');
        await terminal.waitFor(/^slow$/m, patience);
        await terminal.press('C-c');
        await terminal.waitFor(/^(\^C)?\[lock-db:write 30m\] /m, patience);
        expect(await ask(terminal, login)).toMatch(/\|42$/);
        await terminal.line('exit');
        await terminal.waitFor(/left lock-db:write/, patience);
      },
    );

    test.concurrent(
      `what still holds the grant is listed when the shell is left${why}`,
      place,
      async ({ expect, onTestFinished }) => {
        const user = users.fresh(onTestFinished);
        const terminal = await user.open(shell);
        onTestFinished(() => terminal.close());
        const { grant } = await user.elevate(terminal, shell, 'lock-db:write --for 30m');
        const pids = await startSurvivors(terminal, grant);
        onTestFinished(() => endAll(pids));
        await terminal.line('clear; exit');
        const [, said = ''] = await terminal.waitFor(/^jit: \d processes still hold it: (.*)\n/m, patience);
        await terminal.waitFor(/^jit=0$/m, patience);
        expect(said).toMatch(/\d+ \(sleep\)/);
        expect(said).toMatch(/\d+ \(tmux: server\)/);
        for (const pid of pids) expect(said).toContain(`${pid} (`);
      },
    );

    test.concurrent(
      `terminate ends them, wherever they are${why}`,
      place,
      async ({ expect, onTestFinished }) => {
        const user = users.fresh(onTestFinished);
        const terminal = await user.open(shell);
        onTestFinished(() => terminal.close());
        const { grant } = await user.elevate(terminal, shell, 'terminate-db:write --for 30m');
        await startSurvivors(terminal, grant);
        await user.revoke(grant);
        await terminal.press('Enter');
        await terminal.waitFor(endedPrompt, patience);
        await until(() => expect(findHolders(grant).filter(({ isOfSession }) => !isOfSession)).toEqual([]));
        await terminal.line('clear; exit 4');
        await terminal.waitFor(/^jit=4$/m, patience);
        expect(await terminal.screen()).not.toContain('still hold');
      },
    );
  });

  // They wait five seconds each, for a prompt that never comes.
  for (const shell of shellKinds) {
    const absent = missing(shell.name);
    const why = absent ? ` (skipped: ${absent})` : '';
    const place = { timeout: 90_000, skip: absent !== null };
    test.concurrent(
      `a start file of ${shell.name} that execs another shell is noticed, and that shell ends with its grant${why}`,
      place,
      async ({ onTestFinished }) => {
        const user = users.fresh(onTestFinished);
        const terminal = await user.open(shell, { EXEC_RC: '1' });
        onTestFinished(() => terminal.close());
        await terminal.line(`clear; jit elevate lock-db:write --for 30m; echo jit=${shell.status}`);
        const [, grant = ''] = await terminal.waitFor(/, grant (g\w+)$/m, patience);
        await terminal.waitFor(/^other> $/m, patience);
        await terminal.waitFor(/the prompt of this shell does not show the grant/, patience);
        await user.revoke(grant);
        await terminal.waitFor(/^jit=124$/m, patience);
        await terminal.waitFor(/^p> $/m, patience);
      },
    );
  }
});
