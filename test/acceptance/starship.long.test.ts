// What docs/prompt.md says of starship, with the real one, in bash, zsh, fish 3 and fish 4.

import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'vitest';
import { fish4Folder, noFish4 } from '../support/fish4.ts';
import { type ShellKind, shellKinds, startFileOf } from '../support/shell-kinds.ts';
import { noShells, patience, type ShellUser, serveShellUser } from '../support/shell-user.ts';
import { noStarship, starshipFolder } from '../support/starship.ts';
import { missing, type Terminal } from '../support/tmux.ts';

const page = readFileSync(path.join(import.meta.dirname, '../../docs/prompt.md'), 'utf8');
const settings = /^## starship\n[\s\S]*?^```toml\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? '';
/** Every command shows how it ended and how long it took; nothing of the machine shows, and all is on one line. */
const more = `
[line_break]
disabled = true

[username]
disabled = true

[hostname]
disabled = true

[container]
disabled = true

[directory]
truncation_length = 1

[status]
disabled = false
format = 'ended=$status '

[cmd_duration]
min_time = 700
format = 'took=$duration '
`;

const fishes = shellKinds.filter(({ name }) => name === 'fish');
const kinds = [
  ...shellKinds.map((shell) => ({ what: shell.name, shell, folders: [starshipFolder] })),
  ...fishes.map((shell) => ({ what: 'fish 4', shell, folders: [fish4Folder, starshipFolder] })),
];

const start = ({ name }: ShellKind): string =>
  name === 'fish' ? 'starship init fish | source' : `eval "$(starship init ${name})"`;
const quiet = ({ name }: ShellKind): string =>
  name === 'fish' ? 'set -g JIT_PROMPT_INJECT 0' : 'JIT_PROMPT_INJECT=0';

/** Opens a plain shell of the user, and then has the start file say `lines` to those that are opened in it. */
async function openBefore(
  user: ShellUser,
  { shell, folders }: (typeof kinds)[number],
  ...lines: string[]
): Promise<Terminal> {
  const { dir, env } = user.world;
  const terminal = await user.open(shell, {
    PATH: [path.join(dir, 'bin'), ...folders, env['PATH']].join(':'),
  });
  const config = path.join(env['HOME'] ?? '', '.config');
  mkdirSync(config, { recursive: true });
  writeFileSync(path.join(config, 'starship.toml'), `${settings}${more}`);
  appendFileSync(startFileOf(shell, env), `\n${lines.join('\n')}\n`);
  return terminal;
}

const absent = noShells ?? noStarship;
describe.skipIf(absent)(`starship${absent ? ` (skipped: ${absent})` : ''}`, () => {
  const users = serveShellUser();

  test('it is there, and the page has its settings', ({ expect }) => {
    const said = execFileSync(path.join(starshipFolder, 'starship'), ['--version'], { encoding: 'utf8' });
    expect(said).toMatch(/^starship 1\./);
    expect(settings).toContain('env_var.JIT_PROMPT');
  });

  for (const kind of kinds) {
    const { what, shell } = kind;
    const lacks = missing(shell.name) ?? (what === 'fish 4' ? noFish4 : null);
    const why = lacks ? ` (skipped: ${lacks})` : '';
    const place = { timeout: 120_000, skip: lacks !== null };

    test.concurrent(
      `in ${what} it shows the grant of its shell once, then its end, how commands ended and how long they took${why}`,
      place,
      async ({ expect, onTestFinished }) => {
        const user = users.fresh(onTestFinished);
        const terminal = await openBefore(user, kind, quiet(shell), start(shell));
        onTestFinished(() => terminal.close());
        await terminal.line('clear; jit elevate lock-db:read --for 30m');
        const [, grant = ''] = await terminal.waitFor(/, grant (g\w+)$/m, patience);
        await terminal.waitFor(/^\[lock-db:read 30m\] work-1 /m, patience);
        await terminal.line('clear; sh -c "sleep 0.8; exit 3"');
        await terminal.waitFor(
          /^\[lock-db:read 30m\] work-1 .*(took=\S+ .*ended=3|ended=3 .*took=\S+) /m,
          patience,
        );
        await terminal.line('clear');
        await terminal.waitFor(/^\[lock-db:read 30m\] work-1 (?!.*ended)/m, patience);
        expect((await terminal.screen()).match(/lock-db:read/g)).toHaveLength(1);
        await user.revoke(grant);
        await terminal.line('clear; false');
        await terminal.waitFor(/^\[jit ended\] work-1 .*ended=1 /m, patience);
        await terminal.line('clear; exit');
        await terminal.waitFor(/^p> $/m, patience);
      },
    );

    test.concurrent(
      `in ${what} the installed hook shows it what is used, and nothing when that is dropped${why}`,
      place,
      async ({ expect, onTestFinished }) => {
        const user = users.fresh(onTestFinished);
        const installed = await user.world.jit('shell-init', shell.name);
        expect(installed, installed.stderr).toMatchObject({ code: 0 });
        const terminal = await openBefore(user, kind, quiet(shell), start(shell));
        onTestFinished(() => terminal.close());
        await terminal.line(`clear; ${shell.name} -i`);
        await terminal.waitFor(/^work-1 /m, patience);
        await terminal.line('clear; jit use lock-db:read --for 20m');
        await terminal.waitFor(/^\[lock-db:read 20m\] work-1 /m, patience);
        await terminal.line('clear; false');
        await terminal.waitFor(/^\[lock-db:read 20m\] work-1 .*ended=1 /m, patience);
        await terminal.line('clear; jit drop');
        await terminal.waitFor(/left lock-db:read .*access revoked/, patience);
        await terminal.waitFor(/^work-1 /m, patience);
        expect(await terminal.screen()).not.toMatch(/^\[/m);
      },
    );
  }
});
