// How a connection to a PostgreSQL server is protected. Words and defaults; connecting is done elsewhere.

/** How the connection is protected; the words are libpq's. */
export const sslModes = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof sslModes)[number];

/** True when `host` is this machine: the folder of a Unix socket, or a loopback name or address. */
export function isLocal(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Over a Unix socket there is nothing to encrypt; elsewhere the server has to prove who it is. */
export function sslModeOf(options: {
  readonly host: string;
  readonly sslmode?: SslMode | undefined;
}): SslMode {
  if (options.host.startsWith('/')) return 'disable';
  return options.sslmode ?? (isLocal(options.host) ? 'disable' : 'verify-full');
}
