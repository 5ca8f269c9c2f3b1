// The edge of a process that is no command line: its exit and its last words.

/** Ends this process with `code`. */
export function exitProcess(code: number): never {
  process.exit(code);
}

/** Writes to stderr, before anything better is there to say it. */
export function writeStderr(text: string): void {
  process.stderr.write(text);
}
