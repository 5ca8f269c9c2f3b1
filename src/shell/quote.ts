// Text as one word of a shell.

/** One word of bash and zsh (and any POSIX shell), whatever the text holds. */
export function quotePosix(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** One word of fish, where a backslash escapes inside single quotes too. */
export function quoteFish(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/**
 * One word of PowerShell. Inside single quotes only a single quote means something, and it takes these five for one
 * (PowerShell's CharTraits, `CodeGeneration.EscapeSingleQuotedStringContent`): doubled they stand for themselves.
 */
export function quotePowershell(text: string): string {
  return `'${text.replace(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`;
}
