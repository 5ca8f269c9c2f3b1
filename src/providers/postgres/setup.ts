// The SQL that an administrator runs once. Complete, may be run again, holds no password: a verifier at most.

import type { Secret } from '../../core/secret.ts';
import type { TargetConfig } from '../../core/target.ts';
import type { Random } from '../../system/random.ts';
import { quoteIdent, quoteLiteral } from './quote.ts';
import { roleOptions, targetOptions } from './schema.ts';
import { freshVerifier } from './scram.ts';

/** @param password of the broker's login; null when its reference cannot be resolved now */
export function setupSql(target: TargetConfig, password: Secret | null, random: Random): string {
  const { user, database, quarantine_role, password: reference } = targetOptions(target);
  const broker = quoteIdent(user);
  const roles = [...target.roles.values()].map((role) => roleOptions(role.options));
  const groups = [...new Set(roles.flatMap((role) => role.groups))];
  const verifier = password && ` PASSWORD ${quoteLiteral(freshVerifier(password, random))}`;
  return [
    `-- For target ${oneLine(target.name)}: run as an administrator, in database ${oneLine(quoteIdent(database))}.`,
    "-- The broker's own login: it may make roles, and is no superuser.",
    block(`IF EXISTS (SELECT FROM pg_roles WHERE rolname = ${quoteLiteral(user)} AND rolsuper) THEN
    RAISE EXCEPTION 'the login of the broker is a superuser: choose another name for it';
  END IF;
  ${createIfMissing(user)}`),
    ...(verifier === null
      ? [
          `-- Its password could not be read from ${oneLine(reference)}. Store one there, then set the same here`,
          `-- with psql's \\password, which sends no plain text: \\password ${oneLine(broker)}`,
        ]
      : []),
    `ALTER ROLE ${broker} LOGIN CREATEROLE${verifier ?? ''};`,
    '',
    '-- Gets what people leave behind, so it must have no rights of its own.',
    block(createIfMissing(quarantine_role)),
    `ALTER ROLE ${quoteIdent(quarantine_role)} NOLOGIN;`,
    `GRANT ${quoteIdent(quarantine_role)} TO ${broker};`,
    '',
    '-- To end sessions even when their role is dropped already.',
    `GRANT pg_signal_backend TO ${broker};`,
    '',
    '-- What people can be given. Grant rights to these, for example:',
    '--   GRANT USAGE ON SCHEMA public TO <group>; GRANT SELECT ON ALL TABLES IN SCHEMA public TO <group>;',
    ...groups.flatMap((group) => [block(createIfMissing(group)), giveGroup(group, user)]),
    '',
    '-- To clean up after people, wherever they were.',
    block(
      `FOR name IN SELECT datname FROM pg_database WHERE datallowconn LOOP
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', name, ${quoteLiteral(user)});
  END LOOP;`,
      'name text;',
    ),
    ...(roles.some((role) => role.log_statements)
      ? ['', '-- To log every statement of a role.', `GRANT SET ON PARAMETER log_statement TO ${broker};`]
      : []),
    '',
  ].join('\n');
}

function createIfMissing(role: string): string {
  return `IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${quoteLiteral(role)}) THEN
    CREATE ROLE ${quoteIdent(role)} NOLOGIN;
  END IF;`;
}

/** From 16 on the broker can give a role without having its rights. */
function giveGroup(group: string, user: string): string {
  const grant = `GRANT ${quoteIdent(group)} TO ${quoteIdent(user)} WITH ADMIN`;
  return block(`IF current_setting('server_version_num')::int >= 160000 THEN
    EXECUTE ${quoteLiteral(`${grant} TRUE, INHERIT FALSE, SET FALSE`)};
  ELSE
    EXECUTE ${quoteLiteral(`${grant} OPTION`)};
  END IF;`);
}

function block(body: string, declarations = ''): string {
  let mark = '$jit$';
  while (body.includes(mark)) mark = mark.replace('$jit', '$jit_');
  const declare = declarations === '' ? '' : `DECLARE ${declarations} `;
  return `DO ${mark} ${declare}BEGIN\n  ${body}\nEND ${mark};`;
}

/** A name inside a comment must not end the comment. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ');
}
