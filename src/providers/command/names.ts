// Names of what a program makes: chosen here before anything exists, and recognised again. Also which variables may be
// given to people. Pure.

import { createHash } from 'node:crypto';

/** Begins the names of one broker, so that it never takes another's for an orphan. */
export function prefixOf(origin: string): string {
  return `jit-${createHash('sha256').update(origin).digest('hex').slice(0, 6)}-`;
}

/** 27 characters of a-z, 0-9 and dash: fits MySQL (32), DNS labels, most clouds. */
export function externalName(origin: string, lease: string): string {
  return `${prefixOf(origin)}${lease}`;
}

/** The lease that a name was chosen for; null for names that jit does not choose. */
export function leaseOfName(name: string): string | null {
  return /^jit-[0-9a-f]{6}-(l[0-9a-z]{15})$/.exec(name)?.[1] ?? null;
}

/** What a variable may be called. */
export const variablePattern = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;

/** Code runs, or other programs do, for whoever sets these. */
const runsCode =
  /^(PATH|IFS|ENV|CDPATH|SHELLOPTS|BASHOPTS|GLOBIGNORE|PS[0-4]|PROMPT_COMMAND|ZDOTDIR|BASH_.*|LD_.*|DYLD_.*|GCONV_PATH|LOCPATH|NODE_(OPTIONS|PATH|EXTRA_CA_CERTS)|PYTHON(PATH|HOME|STARTUP|INSPECT|BREAKPOINT)|PERL5?(LIB|OPT|DB|5OPT|5LIB|5DB)|RUBY(OPT|LIB)|_?JAVA_(TOOL_)?OPTIONS|JDK_JAVA_OPTIONS|GIT_(SSH.*|CONFIG.*|EXEC_PATH|EDITOR|PAGER|ASKPASS|PROXY_COMMAND)|SSH_ASKPASS.*|SUDO_ASKPASS|EDITOR|VISUAL|PAGER|LESSOPEN|LESSCLOSE|BROWSER)$/i;

/** What makes a session what it is. */
const isSession =
  /^(HOME|USER|LOGNAME|SHELL|TERM|PWD|OLDPWD|TMPDIR|LANG|LC_.*|XDG_.*|DBUS_.*|SSH_AUTH_SOCK|JIT_.*)$/;

/** True for a variable that the config may set for a program. */
export function mayConfigure(name: string): boolean {
  return variablePattern.test(name) && !runsCode.test(name) && !name.startsWith('JIT_');
}

/** True for a variable that a program may give to, or take from, the child of a grant. */
export function mayHandOut(name: string): boolean {
  return variablePattern.test(name) && !runsCode.test(name) && !isSession.test(name);
}
