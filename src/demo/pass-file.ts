// Reads a password file of PostgreSQL: host:port:database:user:password per line, * matches anything.

/** Who wants to log in where. */
export interface Login {
  readonly host: string;
  readonly port: string;
  readonly database: string;
  readonly user: string;
}

/** The password of the first line that matches; null when none does. `\:` and `\\` stand for themselves. */
export function passwordFor(text: string, { host, port, database, user }: Login): string | null {
  for (const line of text.split('\n').filter((one) => !one.startsWith('#'))) {
    const fields = [...line.matchAll(/((?:\\.|[^\\:])*)(?::|$)/g)].map(([, field = '']) => plain(field));
    const wanted = [host, port, database, user];
    if (
      fields.length > 4 &&
      wanted.every((value, index) => fields[index] === '*' || fields[index] === value)
    ) {
      return fields[4] ?? null;
    }
  }
  return null;
}

const plain = (field: string): string => field.replace(/\\(.)/g, '$1');
