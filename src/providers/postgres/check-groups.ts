// What `jit doctor` says of the group roles that a target gives: what they are, and whether the broker may give them.

import type { TargetConfig } from '../../core/target.ts';
import type { Check } from '../provider.ts';
import type { Connection } from './connection.ts';
import { plain } from './failure.ts';
import { quoteIdent } from './quote.ts';
import { roleOptions, targetOptions } from './schema.ts';
import type { ServerFacts } from './server-facts.ts';

interface Group {
  readonly name: string;
  readonly login: boolean;
  readonly isPredefined: boolean;
  readonly mayGive: boolean;
  /** Roles with attributes that no membership should reach, itself included. */
  readonly powers: string[];
  readonly owns: boolean;
  /** Members get some right in the target's database from it. */
  readonly gives: boolean;
}

// Rights on objects leave a row in pg_shdepend, columns included; PostgreSQL's own roles have theirs without. USAGE on a
// schema opens the way to rights and is none by itself; default rights are for what does not exist yet.
const query = `
  SELECT g.rolname AS name, g.rolcanlogin AS login, g.oid < 16384 AS "isPredefined",
         pg_has_role(current_user, g.oid, 'MEMBER WITH ADMIN OPTION') AS "mayGive",
         ARRAY(SELECT p.rolname::text FROM pg_roles p
                WHERE pg_has_role(g.oid, p.oid, 'MEMBER')
                  AND (p.rolsuper OR p.rolcreaterole OR p.rolcreatedb OR p.rolreplication OR p.rolbypassrls
                       OR p.rolname IN ('pg_execute_server_program', 'pg_write_server_files', 'pg_read_server_files'))
              ) AS powers,
         EXISTS (SELECT FROM pg_shdepend s
                  WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = g.oid AND s.deptype = 'o') AS owns,
         EXISTS (SELECT FROM pg_roles p WHERE pg_has_role(g.oid, p.oid, 'USAGE') AND (p.oid < 16384 OR EXISTS (
                  SELECT FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid AND d.datname = current_database()
                   WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = p.oid AND s.deptype IN ('a', 'o')
                     AND s.classid <> 'pg_default_acl'::regclass
                     AND (s.deptype = 'o' OR s.classid <> 'pg_namespace'::regclass
                          OR has_schema_privilege(g.oid, s.objid, 'CREATE'))))) AS gives
    FROM pg_roles g WHERE g.rolname = ANY ($1)`;

/** One line per group role of the target's configuration, at least. */
export async function checkGroups(
  connection: Connection,
  target: TargetConfig,
  facts: ServerFacts,
): Promise<Check[]> {
  const { user, database } = targetOptions(target);
  const wanted = [...new Set([...target.roles.values()].flatMap((role) => roleOptions(role.options).groups))];
  const found = await connection.rows<Group>(query, [wanted]);
  return wanted.flatMap((name) => {
    const group = found.find((candidate) => candidate.name === name);
    const checks = checkGroup(name, group, { user, database, facts }).map((check) => ({
      name: `group role ${quoteIdent(name)}`,
      ...check,
    }));
    return checks;
  });
}

function checkGroup(
  name: string,
  group: Group | undefined,
  { user, database, facts }: { user: string; database: string; facts: ServerFacts },
): Omit<Check, 'name'>[] {
  const role = quoteIdent(name);
  const give = `GRANT ${role} TO ${quoteIdent(user)} WITH ADMIN OPTION;`;
  if (!group) {
    return [{ status: 'failed', detail: 'does not exist', remedy: `CREATE ROLE ${role} NOLOGIN; ${give}` }];
  }
  const checks: Omit<Check, 'name'>[] = [];
  // Up to 15, CREATEROLE is enough to give any role but a superuser.
  if (!group.mayGive && facts.version >= 160_000) {
    checks.push({ status: 'failed', detail: 'the broker may not give it to others', remedy: give });
  }
  if (group.login) {
    checks.push({ status: 'failed', detail: 'can log in by itself', remedy: `ALTER ROLE ${role} NOLOGIN;` });
  }
  if (group.powers.length > 0) {
    const detail = plain(`reaches ${group.powers.join(', ')}: more than a revocation can take back`);
    checks.push({ status: 'failed', detail, remedy: powersRemedy(name, group.powers) });
  }
  if (group.owns && !group.isPredefined) {
    const detail = 'owns objects: its members can give rights on them to others, which no revocation finds';
    const remedy = `-- let another role own them, e.g.: REASSIGN OWNED BY ${role} TO app_owner;`;
    checks.push({ status: 'warning', detail, remedy });
  }
  if (!group.gives) {
    const detail = plain(`gives no right in ${quoteIdent(database)}`);
    const advice = `e.g. GRANT USAGE ON SCHEMA public TO ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role};`;
    checks.push({ status: 'warning', detail, advice });
  }
  return checks.length > 0 ? checks : [{ status: 'ok', detail: 'the broker may give it' }];
}

function powersRemedy(name: string, powers: readonly string[]): string {
  const role = quoteIdent(name);
  return powers
    .map((power) =>
      power === name
        ? `ALTER ROLE ${role} NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS;`
        : `REVOKE ${quoteIdent(power)} FROM ${role};`,
    )
    .join(' ');
}
