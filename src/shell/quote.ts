// Text as one word of a shell.

/** One word of bash and zsh (and any POSIX shell), whatever the text holds. */
export function quotePosix(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** One word of fish, where a backslash escapes inside single quotes too. */
export function quoteFish(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
