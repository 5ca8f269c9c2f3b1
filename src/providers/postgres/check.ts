// What `jit doctor` says of a PostgreSQL target: what the broker may do there, and the SQL that mends what is wrong.

import { toJitError } from '../../core/errors.ts';
import { isLocal } from '../../core/postgres-address.ts';
import type { TargetConfig } from '../../core/target.ts';
import type { Clock } from '../../system/clock.ts';
import type { Check } from '../provider.ts';
import { checkGroups } from './check-groups.ts';
import type { Connection, Server } from './connection.ts';
import { plain, sqlStateOf } from './failure.ts';
import { quoteIdent } from './quote.ts';
import { roleOptions, targetOptions } from './schema.ts';
import { type ServerFacts, serverFacts, skewOf } from './server-facts.ts';

/**
 * Never throws for a target that is down.
 * @param setup answers the SQL that prepares the server, for one that does not know the broker
 */
export async function checkTarget(
  server: Server,
  target: TargetConfig,
  clock: Clock,
  setup: () => Promise<string>,
  signal: AbortSignal,
): Promise<Check[]> {
  try {
    return await server.use({ signal, lane: 'issue' }, async (connection) => {
      const facts = await serverFacts(connection);
      const login = await checkLogin(connection, target);
      const version = checkVersion(facts);
      if (version.status === 'failed') return [version];
      return [
        version,
        checkClock(facts, clock),
        checkEncryption(server),
        ...login,
        ...(await checkGroups(connection, target, facts)),
        await checkSignal(connection, target),
        ...(await checkQuarantine(connection, target)),
        ...(await checkDatabases(connection, target)),
        ...checkLogging(facts, target),
      ];
    });
  } catch (thrown) {
    const { message, hint } = toJitError(thrown);
    const failed: Check = { name: 'connection', status: 'failed', detail: message };
    const advice = loginAdvice[sqlStateOf(thrown) ?? ''];
    if (advice !== undefined) return [{ ...failed, advice, remedy: await setup() }];
    return [hint === undefined ? failed : { ...failed, advice: hint }];
  }
}

/** What it means that the server lets nobody in by this name. It says the same of a login that is missing. */
const loginAdvice: Readonly<Record<string, string>> = {
  '28P01': 'the login is missing or its password differs: run the set-up SQL as an administrator',
  '28000':
    'the login is missing, may not log in, or pg_hba.conf keeps it out: run the set-up SQL as an administrator',
};

function checkVersion({ version }: ServerFacts): Check {
  const text = `PostgreSQL ${Math.floor(version / 10_000)}.${version % 10_000}`;
  if (version >= 150_000) return { name: 'connection', status: 'ok', detail: text };
  return { name: 'connection', status: 'failed', detail: `${text} is older than 15` };
}

function checkClock(facts: ServerFacts, clock: Clock): Check {
  const seconds = Math.round(skewOf(facts, clock) / 1000);
  const status = Math.abs(seconds) <= 30 ? 'ok' : Math.abs(seconds) <= 300 ? 'warning' : 'failed';
  const detail = status === 'ok' ? 'agrees with this machine' : `${seconds} seconds ahead of this machine`;
  return { name: 'clock of the server', status, detail };
}

function checkEncryption({ address }: Server): Check {
  const { host, sslmode } = address;
  if (isLocal(host) || sslmode.startsWith('verify-')) {
    return { name: 'encryption', status: 'ok', detail: isLocal(host) ? 'on this machine' : sslmode };
  }
  const detail = `sslmode ${sslmode}: whoever sits between can read or pretend to be the server`;
  return {
    name: 'encryption',
    status: 'warning',
    detail,
    advice: 'sslmode: verify-full, with ssl_root_cert if needed',
  };
}

async function checkLogin(connection: Connection, target: TargetConfig): Promise<Check[]> {
  const user = quoteIdent(targetOptions(target).user);
  const [login] = await connection.rows<{ super: boolean; createrole: boolean; more: boolean }>(
    `SELECT rolsuper AS super, rolcreaterole AS createrole, rolreplication OR rolbypassrls AS more
       FROM pg_roles WHERE rolname = current_user`,
  );
  const name = `login ${user}`;
  if (login?.super) {
    const advice = 'give the broker a login of its own: jit init prints the SQL for one';
    return [{ name, status: 'warning', detail: 'is a superuser: more than the broker needs', advice }];
  }
  if (!login?.createrole) {
    return [
      { name, status: 'failed', detail: 'may not create roles', remedy: `ALTER ROLE ${user} CREATEROLE;` },
    ];
  }
  if (login.more) {
    const remedy = `ALTER ROLE ${user} NOREPLICATION NOBYPASSRLS;`;
    return [{ name, status: 'warning', detail: 'may replicate or pass over row security', remedy }];
  }
  return [{ name, status: 'ok', detail: 'may create roles, is no superuser' }];
}

async function checkSignal(connection: Connection, target: TargetConfig): Promise<Check> {
  const [may] = await connection.rows<{ may: boolean }>(
    `SELECT pg_has_role(current_user, 'pg_signal_backend', 'USAGE') AS may`,
  );
  const name = 'ending sessions';
  if (may?.may) return { name, status: 'ok', detail: 'the broker may end sessions' };
  const detail = 'the broker may not end sessions of a role that somebody else dropped';
  const remedy = `GRANT pg_signal_backend TO ${quoteIdent(targetOptions(target).user)};`;
  return { name, status: 'warning', detail, remedy };
}

async function checkQuarantine(connection: Connection, target: TargetConfig): Promise<Check[]> {
  const { user, quarantine_role } = targetOptions(target);
  const quarantine = quoteIdent(quarantine_role);
  const name = `quarantine role ${quarantine}`;
  const [role] = await connection.rows<{
    attributes: boolean;
    login: boolean;
    member: boolean;
    powers: string[];
  }>(
    `SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS attributes,
            rolcanlogin AS login, pg_has_role(current_user, oid, 'USAGE') AS member,
            ARRAY(SELECT g.rolname::text FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.roleid WHERE a.member = r.oid) AS powers
       FROM pg_roles r WHERE rolname = $1`,
    [quarantine_role],
  );
  const grant = `GRANT ${quarantine} TO ${quoteIdent(user)};`;
  if (!role) {
    return [
      {
        name,
        status: 'failed',
        detail: 'does not exist',
        remedy: `CREATE ROLE ${quarantine} NOLOGIN; ${grant}`,
      },
    ];
  }
  const checks: Check[] = [];
  if (role.login || role.attributes) {
    const remedy = `ALTER ROLE ${quarantine} NOLOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS;`;
    checks.push({ name, status: 'failed', detail: 'can log in or has rights of its own', remedy });
  }
  if (role.powers.length > 0) {
    const remedy = role.powers.map((group) => `REVOKE ${quoteIdent(group)} FROM ${quarantine};`).join(' ');
    const detail = plain(
      `has the rights of ${role.powers.join(', ')}: functions left behind would run with them`,
    );
    checks.push({ name, status: 'failed', detail, remedy });
  }
  if (!role.member)
    checks.push({ name, status: 'failed', detail: 'the broker is no member of it', remedy: grant });
  return checks.length > 0
    ? checks
    : [{ name, status: 'ok', detail: 'powerless, and the broker is a member' }];
}

async function checkDatabases(connection: Connection, target: TargetConfig): Promise<Check[]> {
  const user = quoteIdent(targetOptions(target).user);
  const shut = await connection.rows<{ name: string }>(
    `SELECT datname AS name FROM pg_database
      WHERE datallowconn AND NOT has_database_privilege(oid, 'CONNECT') ORDER BY datname`,
  );
  if (shut.length === 0)
    return [{ name: 'databases', status: 'ok', detail: 'the broker can clean up in all of them' }];
  const names = shut.map(({ name }) => quoteIdent(name));
  const detail = plain(
    `no connection to ${names.join(', ')}: what a role leaves there could not be cleaned up`,
  );
  const remedy = names.map((name) => `GRANT CONNECT ON DATABASE ${name} TO ${user};`).join('\n');
  return [{ name: 'databases', status: 'failed', detail, remedy }];
}

function checkLogging(facts: ServerFacts, target: TargetConfig): Check[] {
  const wants = [...target.roles.values()].filter((role) => roleOptions(role.options).log_statements);
  if (wants.length === 0) return [];
  const name = 'statement logging';
  if (facts.maySetLogging) return [{ name, status: 'ok', detail: 'the broker may turn it on for a role' }];
  const detail = `role "${wants[0]?.name}" wants it, and the broker may not set log_statement`;
  const remedy = `GRANT SET ON PARAMETER log_statement TO ${quoteIdent(targetOptions(target).user)};`;
  return [{ name, status: 'failed', detail, remedy }];
}
