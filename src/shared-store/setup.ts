// The SQL that sets up a shared store: roles, schema, what is not there yet of the migrations. One script, the same for
// `jit store init` and for an administrator with psql. May be run again, by several at once.

import { migrations } from './migrations/index.ts';

/** One lock for all set-ups of a database; the number means nothing. */
const lock = 4_711_006;

/** Any login may hold the lock, on purpose or not: nobody waits for it without end, or without hearing who has it. */
const takeLock = `DO $lock$
DECLARE
  v_until timestamptz := clock_timestamp() + interval '20 seconds';
  v_who text;
BEGIN
  WHILE NOT pg_try_advisory_xact_lock(${lock}) LOOP
    IF clock_timestamp() > v_until THEN
      SELECT string_agg(format('pid %s, login "%s"', l.pid, a.usename), '; ') INTO v_who
      FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
      WHERE l.locktype = 'advisory' AND l.classid = 0 AND l.objid = ${lock} AND l.objsubid = 1 AND l.granted
        AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database());
      RAISE EXCEPTION 'the lock of the set-up is held by another session (%)',
        coalesce(v_who, 'which has just ended') USING ERRCODE = 'lock_not_available';
    END IF;
    PERFORM pg_sleep(0.1);
  END LOOP;
END $lock$;`;

const roles = ['jit_owner', 'jit_writer', 'jit_auditor'];

/** All of it, in one transaction. Holds no secret. */
export function setupSql(): string {
  return [
    '-- Sets up the shared store of jit. Run as an administrator, in the database of the store; running it again is harmless.',
    'BEGIN;',
    'SET LOCAL client_min_messages = warning;',
    "SET LOCAL lock_timeout = '20s';",
    takeLock,
    '-- jit_owner has the tables and nobody logs in as it; grant jit_writer to the logins of brokers, jit_auditor to readers.',
    ...roles.map(
      (role) => `DO $roles$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN CREATE ROLE ${role} NOLOGIN; END IF;
END $roles$;`,
    ),
    '-- An administrator who is no superuser has to be a member to hand the tables over.',
    `DO $member$ BEGIN
  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    EXECUTE format('GRANT jit_owner TO %I', current_user);
  END IF;
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO jit_writer, jit_auditor', current_database());
END $member$;`,
    'CREATE SCHEMA IF NOT EXISTS jit AUTHORIZATION jit_owner;',
    `DO $schema$ BEGIN
  IF (SELECT nspowner FROM pg_namespace WHERE nspname = 'jit') <> 'jit_owner'::regrole THEN
    RAISE EXCEPTION 'the schema "jit" belongs to somebody else than jit_owner';
  END IF;
END $schema$;`,
    'SET LOCAL ROLE jit_owner;',
    'CREATE TABLE IF NOT EXISTS jit.migrations (number int PRIMARY KEY, name text NOT NULL, applied timestamptz NOT NULL);',
    ...migrations.map(
      ({ name, sql }, index) => `
-- ${index + 1}: ${name}
DO $once$ BEGIN
  IF EXISTS (SELECT FROM jit.migrations WHERE number = ${index + 1}) THEN RETURN; END IF;
  EXECUTE $migration$${sql}$migration$;
  INSERT INTO jit.migrations VALUES (${index + 1}, '${name}', now());
END $once$;`,
    ),
    '',
    '-- Months ahead, for those who run this once a year.',
    'SELECT count(*) AS new_months FROM jit.make_partitions();',
    'RESET ROLE;',
    'COMMIT;',
    '',
  ].join('\n');
}
