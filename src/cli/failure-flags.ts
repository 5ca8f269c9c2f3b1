// How a failure is to be shown, read from argv before anything is understood. Must not: refuse anything.

/** What of the command line is wanted even when it could not be understood: how to show the failure. */
export function failureFlags(argv: readonly string[]): {
  json: boolean;
  debug: boolean;
  colour: boolean | null;
} {
  const end = argv.indexOf('--');
  const head = end === -1 ? argv : argv.slice(0, end);
  const colour = head.includes('--no-color') ? false : head.includes('--color') ? true : null;
  return { json: head.includes('--json'), debug: head.includes('--debug'), colour };
}
