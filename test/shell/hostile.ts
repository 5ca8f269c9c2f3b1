// Settings and names of a user that try to break the prompt hooks, and how each is played: nothing executes, nothing
// hangs, the user's prompt survives, the grant is shown, and its secrets go at its end.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { shellsToTest } from '../support/fish4.ts';
import type { Stage } from './stage.ts';

/** A branch name as git allows it, in a prompt that shows it. */
const branch = `branch='$(touch\${IFS}pwned)\`touch\${IFS}pwned\`%n!'`;

/** `keepsStatus: false`: with this setting a command that fails ends the shell, whatever the hook does. */
export interface Odd {
  readonly what: string;
  readonly rc: string;
  /** What the prompt looks like after the indicator. */
  readonly prompt?: RegExp;
  readonly keepsStatus?: false;
  /** One of those for every day; the others run with the long tests. */
  readonly quick?: true;
  /** The user has made the prompt readonly: only JIT_PROMPT can tell. */
  readonly isShown?: false;
}

const bash: readonly Odd[] = [
  {
    what: 'many settings at once',
    rc: 'set -uaC; IFS=0123456789; shopt -s nocasematch nullglob; readonly IFS status=1 name=2 REPLY=3 JIT_PROMPT=x',
    quick: true,
  },
  { what: 'set -u', rc: 'set -u' },
  { what: 'set -e', rc: 'set -e', keepsStatus: false, quick: true },
  { what: 'POSIX mode', rc: 'set -o posix' },
  { what: 'no expansion in prompts, in POSIX mode', rc: 'shopt -u promptvars; set -o posix', quick: true },
  { what: 'an IFS of digits that is readonly', rc: 'IFS=0123456789; readonly IFS' },
  { what: 'export of everything, and no overwriting', rc: 'set -a; set -C' },
  { what: 'a locale of bytes', rc: 'export LC_ALL=POSIX' },
  { what: 'a locale that is not there', rc: 'export LC_ALL=tlh_QO.UTF-16 2>/dev/null' },
  { what: 'patterns that ignore case', rc: 'shopt -s nocasematch extglob nullglob failglob' },
  { what: 'aliases for builtins', rc: 'alias local=false read=false printf=false unset=false export=false' },
  {
    what: 'readonly variables of common names',
    rc: 'readonly status=1 name=2 line=3 own=4 count=5 REPLY=6 i=7',
  },
  {
    what: 'readonly variables of jit',
    rc: 'readonly JIT_GRANT_EXP JIT_GRANT_STATE JIT_DROP JIT_EXTEND JIT_NOW JIT_PROMPT=x',
  },
  { what: 'a readonly prompt', rc: `PS1='inner> '; readonly PS1`, isShown: false },
  {
    what: 'a hostile branch name',
    quick: true,
    rc: `${branch}; PS1='(\${branch}) inner> '`,
    prompt: /\(\S+%n!\) inner> $/,
  },
];

const zsh: readonly Odd[] = [
  {
    what: 'many settings at once',
    rc: 'setopt no_unset prompt_subst prompt_bang ksh_arrays sh_word_split sh_glob all_export; readonly IFS=1 name=2',
    quick: true,
  },
  { what: 'set -u', rc: 'setopt no_unset' },
  { what: 'set -e', rc: 'setopt err_exit', keepsStatus: false, quick: true },
  { what: 'ERR_RETURN', rc: 'setopt err_return' },
  { what: 'PROMPT_SUBST and PROMPT_BANG', rc: 'setopt prompt_subst prompt_bang' },
  { what: 'KSH_ARRAYS and SH_WORD_SPLIT', rc: 'setopt ksh_arrays sh_word_split' },
  { what: 'SH_GLOB, KSH_GLOB and no braces', rc: 'setopt sh_glob ksh_glob ignore_braces' },
  { what: 'POSIX builtins and identifiers', rc: 'setopt posix_builtins posix_identifiers posix_aliases' },
  { what: 'an odd IFS that is readonly', rc: 'IFS=0123456789; readonly IFS' },
  { what: 'export of everything, and no overwriting', rc: 'setopt all_export no_clobber' },
  { what: 'a locale of bytes', rc: 'export LC_ALL=POSIX' },
  { what: 'aliases for builtins', rc: `alias local=false typeset=false unset=false; alias -g -- '-L=-R'` },
  {
    what: 'readonly variables of common names',
    rc: 'readonly name=2 line=3 own=4 count=5 REPLY=6 field=7 before=8',
  },
  {
    what: 'readonly variables of jit',
    rc: 'readonly JIT_GRANT_EXP JIT_GRANT_STATE JIT_DROP JIT_EXTEND JIT_NOW JIT_PROMPT=x',
  },
  { what: 'a readonly prompt', rc: `PROMPT='inner> '; readonly PROMPT`, isShown: false },
  {
    what: 'a hostile branch name',
    quick: true,
    rc: `setopt prompt_subst; ${branch}; PROMPT='(\${branch}) inner> '`,
    // zsh expands %n after all.
    prompt: /\(\S+!\) inner> $/,
  },
];

const fish: readonly Odd[] = [
  { what: 'a locale of bytes', rc: 'set -gx LC_ALL POSIX' },
  { what: 'an odd IFS', rc: 'set -g IFS 0123456789' },
  { what: 'an empty IFS', rc: 'set -g IFS' },
  {
    what: 'global variables of common names',
    rc: 'set -g name 1; set -g own 2; set -g count 3; set -g line 4',
  },
  {
    what: 'a hostile branch name',
    quick: true,
    rc: `set -g branch '(touch pwned)$(touch pwned)%n!'; function fish_prompt; echo -n "($branch) inner> "; end`,
    prompt: /\(.*%n!\) inner> $/,
  },
];

/** Each shell, where its file of the user is, and what is tried there. */
const allShells = [
  { shell: 'bash', rcFile: '.bashrc', odd: bash, isSet: `echo "is=<\${DATABASE_URL-none}>"`, status: '$?' },
  { shell: 'zsh', rcFile: '.zshrc', odd: zsh, isSet: `echo "is=<\${DATABASE_URL-none}>"`, status: '$?' },
  {
    shell: 'fish',
    rcFile: '.config/fish/config.fish',
    odd: fish,
    isSet: `set -q DATABASE_URL; and echo "is=<$DATABASE_URL>"; or echo "is=<none>"`,
    status: '$status',
  },
] as const;

export const hostileShells = shellsToTest(allShells, ({ shell }) => shell);

const prompts = {
  bash: `PS1='inner> '\n`,
  zsh: `PROMPT='inner> '\n`,
  fish: `set -g fish_greeting\nfunction fish_prompt; echo -n 'inner> '; end\n`,
};

/** Plays one of them in a session from its start to its end. */
export async function playHostile(
  stage: Stage,
  { shell, rcFile, isSet, status }: (typeof allShells)[number],
  { rc, prompt, keepsStatus, isShown }: Odd,
): Promise<void> {
  const file = path.join(stage.scene.home, rcFile);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${prompts[shell]}${rc}\n`);
  const end = prompt?.source ?? 'inner> $';
  const shown = (text: string) => new RegExp(`^${isShown === false ? '' : `\\[${text}\\] `}${end}`, 'm');
  const screen = await stage.start({ command: null, shell });
  await screen.waitFor(shown('prod-db:write 30m'));

  const { grant } = stage.scene;
  const later = Math.floor(Date.now() / 1000) + 1190;
  stage.scene.writeState(
    `${later - 9000} gother staging read low overdue`,
    `${later} gbad $(touch${'\t'}pwned) read low active`,
    `a[$(touch\${IFS}pwned)] gworse staging read low active`,
    `0${later} ${grant.id} ${grant.target} ${grant.role} high active`,
  );
  await screen.press('Enter');
  await screen.waitFor(shown('prod-db:write! 20m, staging:read OVERDUE'));
  if (keepsStatus !== false) {
    await screen.line('sh -c "exit 3"');
    await screen.line(`echo "was=${status}"`);
    await screen.waitFor(/^was=3/m);
  }

  await stage.scene.endGrant();
  await screen.line(isSet);
  await screen.waitFor(/^is=<none>/m);
  await screen.waitFor(shown('jit ended'));
  await screen.line('exit 7');
  await screen.waitFor(/^exit=7/m);
  const text = await screen.screen();
  expect(text.match(/prod-db:write has ended/g)).toHaveLength(1);
  expect(text).not.toMatch(/_jit|_JIT|read-only|readonly variable|unbound|parameter not set/);
  for (const folder of [stage.scene.folder, stage.scene.home]) {
    expect(existsSync(path.join(folder, 'pwned'))).toBe(false);
  }
}
