// The names of system errors, out of values of unknown type.

/** `ENOENT` and the like; `unknown error` for anything that carries no code. Never the message, which may hold data. */
export function errnoOf(thrown: unknown): string {
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string') return thrown.code;
  return 'unknown error';
}
