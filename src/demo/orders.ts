// The demonstration's database: a small shop, its two group roles, and the broker's own account with the
// few rights that it needs. SQL only; who runs it is scene.ts.

/** The broker's account on the server, and where it puts what it takes away from others. */
const accounts = { broker: 'jit_broker', quarantine: 'jit_quarantine' } as const;

/** Name of the database. */
export const databaseName = 'orders';

/** What the shop sells and to whom: 40 customers, 400 orders, the same on every run. */
export const ordersSql = `
CREATE TABLE customers (
  id integer PRIMARY KEY, name text NOT NULL, city text NOT NULL
);
CREATE TABLE orders (
  id integer PRIMARY KEY, customer integer NOT NULL REFERENCES customers, item text NOT NULL,
  amount numeric(8, 2) NOT NULL, state text NOT NULL, placed date NOT NULL
);
INSERT INTO customers
  SELECT n, 'Customer ' || n, (ARRAY['Vienna', 'Lisbon', 'Oslo', 'Cork'])[1 + n % 4] FROM generate_series(1, 40) n;
INSERT INTO orders
  SELECT n, 1 + n * 7 % 40, (ARRAY['lamp', 'chair', 'desk', 'shelf', 'rug'])[1 + n % 5], 20 + n * 37 % 480,
    (ARRAY['open', 'paid', 'sent'])[1 + n % 3], date '2026-01-01' + n % 300 FROM generate_series(1, 400) n;
`;

/**
 * What an administrator runs once. The broker is no superuser: it may make roles, and may give membership
 * in two groups, nothing else.
 * @param password of letters, digits, dashes and underscores only
 */
export function brokerSql(password: string): string {
  const { broker, quarantine } = accounts;
  return `
CREATE ROLE ${broker} LOGIN CREATEROLE PASSWORD '${password}';
CREATE ROLE ${quarantine} NOLOGIN;
GRANT ${quarantine} TO ${broker};
CREATE ROLE app_ro NOLOGIN;
CREATE ROLE app_rw NOLOGIN;
GRANT app_ro, app_rw TO ${broker} WITH ADMIN OPTION;
`;
}

/** The rights of the two groups, inside the database. */
export const groupsSql = `
GRANT SELECT ON ALL TABLES IN SCHEMA public TO app_ro;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app_rw;
`;

/** The configuration of jit: one target, two roles, two rules. */
export function configText(server: { host: string; port: number; passwordFile: string }): string {
  return `version: 1
targets:
  orders-db:
    provider: postgres
    description: orders of the demonstration's shop
    host: ${server.host}
    port: ${server.port}
    database: ${databaseName}
    user: ${accounts.broker}
    password: file:${server.passwordFile}
    quarantine_role: ${accounts.quarantine}
    sslmode: disable
    roles:
      read:
        description: look at everything
        groups: [app_ro]
      write:
        description: change orders
        groups: [app_rw]
entitlements:
  - name: anyone-may-look
    who: [everyone]
    roles: [orders-db:read]
    max_duration: 1h
    default_duration: 10m
  - name: writing-needs-a-reason
    who: [everyone]
    roles: [orders-db:write]
    max_duration: 30m
    default_duration: 15m
    reason:
      required: true
`;
}
