// What a PostgreSQL target looks like in jit.yaml. Owns keys, defaults and what values mean together.
// Must not: contact anything, load the driver.

import * as v from 'valibot';
import { parseDuration } from '../../core/duration.ts';
import { sslModeOf, sslModes } from '../../core/postgres-address.ts';
import {
  isSecretReference,
  secretReferenceForms,
  secretReferencePattern,
} from '../../core/secret-reference.ts';
import type { TargetConfig } from '../../core/target.ts';

const isDuration = (text: string): boolean => {
  try {
    return parseDuration(text) > 0;
  } catch {
    return false;
  }
};
const isIdentifier = (text: string): boolean =>
  text !== '' && !text.includes('\0') && Buffer.byteLength(text, 'utf8') <= 63;

const identifier = v.pipe(
  v.string(),
  v.check(isIdentifier, 'expected a PostgreSQL name of 1 to 63 bytes'),
  v.metadata({ minLength: 1, maxLength: 63 }),
);
const line = v.pipe(
  v.string(),
  v.regex(/^[^\p{Cc}]{1,255}$/u, 'expected 1 to 255 characters, none of them a control character'),
);
// Nothing that could carry a password: a URL pasted here would end up in the log.
const host = v.pipe(
  v.string(),
  v.regex(
    /^(?:\/[^\p{Cc}]{0,200}|[A-Za-z0-9._:%[\]-]{1,253})$/u,
    'expected a host name, an address, or /folder of a socket',
  ),
);
const duration = v.pipe(v.string(), v.check(isDuration, 'expected a duration such as 30s, 5m or 1h'));
const groups = v.pipe(
  v.array(identifier),
  v.minLength(1, 'expected at least one group role'),
  v.maxLength(50, 'expected at most 50 group roles'),
);
const whole = (least: number, most: number) =>
  v.pipe(
    v.number(),
    v.integer('expected a whole number'),
    v.minValue(least, `expected at least ${least}`),
    v.maxValue(most, `expected at most ${most}`),
  );
const secretReference = v.pipe(
  v.string(`expected ${secretReferenceForms}`),
  v.check(isSecretReference, `expected ${secretReferenceForms}`),
  v.metadata({ pattern: secretReferencePattern.source }),
);
const described = <Schema extends v.GenericSchema>(schema: Schema, text: string) =>
  v.pipe(schema, v.description(text));

const target = {
  host: described(host, 'host name, address, or the absolute folder of a Unix socket'),
  port: v.optional(described(whole(1, 65_535), 'port of the server'), 5432),
  database: described(identifier, 'the database that people are given'),
  user: described(identifier, "the broker's own login on the server, not a superuser"),
  password: described(secretReference, "where the password of the broker's login is kept"),
  sslmode: v.optional(
    described(v.picklist(sslModes), 'default: verify-full; disable for a Unix socket or this machine'),
  ),
  ssl_root_cert: v.optional(described(line, 'file with the certificates that the server is checked against')),
  quarantine_role: v.optional(
    described(identifier, 'powerless role that gets what people leave behind'),
    'jit_quarantine',
  ),
  connect_timeout: v.optional(
    described(duration, 'how long to wait for the server to accept a connection'),
    '5s',
  ),
};

const role = {
  groups: described(groups, 'group roles (NOLOGIN) whose rights are given'),
  read_only: v.optional(
    described(v.boolean(), 'transactions are read-only by default; a guard against slips, no right'),
    false,
  ),
  statement_timeout: v.optional(described(duration, 'default longest run of one statement')),
  idle_timeout: v.optional(described(duration, 'default longest idle time inside a transaction')),
  connection_limit: v.optional(described(whole(1, 1000), 'most connections at a time'), 4),
  log_statements: v.optional(
    described(v.boolean(), 'the server logs every statement; needs the right to set log_statement'),
    false,
  ),
};

const scope = { groups: described(groups, 'the part of the groups of the role that this scope gives') };

/** Valibot entries that a target, its roles and their scopes get. No transforms: parsing twice is harmless. */
export const postgresSchema = { target, role, scope };

export type TargetOptions = v.InferOutput<ReturnType<typeof targetObject>>;
export type RoleOptions = v.InferOutput<ReturnType<typeof roleObject>>;

const targetObject = () => v.object(target);
const roleObject = () => v.object(role);

/** The options of a target, typed. @throws ValiError when the config was not checked before. */
export function targetOptions(config: TargetConfig): TargetOptions {
  return v.parse(targetObject(), config.options);
}

/** The options of a role, typed. @throws ValiError when the config was not checked before. */
export function roleOptions(options: unknown): RoleOptions {
  return v.parse(roleObject(), options);
}

/** The groups of a scope. @throws ValiError when the config was not checked before. */
export function scopeGroups(options: unknown): readonly string[] {
  return v.parse(v.object(scope), options).groups;
}

/** Members of these can read, write or run what they like on the server: no revocation takes that back. */
const unrevocable = ['pg_execute_server_program', 'pg_write_server_files', 'pg_read_server_files'];

/** What the values of a target mean together: sentences, empty when all is well. */
export function validatePostgres(config: TargetConfig): string[] {
  const problems: string[] = [];
  const options = v.safeParse(targetObject(), config.options);
  if (!options.success) return problems;
  const { host, user, quarantine_role, ssl_root_cert } = options.output;
  if (user === quarantine_role) problems.push(`quarantine_role is the broker's own login "${user}"`);
  const mode = sslModeOf(options.output);
  if (ssl_root_cert !== undefined && !mode.startsWith('verify-')) {
    problems.push(`ssl_root_cert has no effect with sslmode ${mode} on host "${host}"`);
  }
  for (const item of config.roles.values()) {
    const parsed = v.safeParse(roleObject(), item.options);
    if (!parsed.success) continue;
    for (const group of parsed.output.groups) {
      if (group === user) problems.push(`role "${item.name}" gives the broker's own login "${group}"`);
      if (group === quarantine_role)
        problems.push(`role "${item.name}" gives the quarantine role "${group}"`);
      if (unrevocable.includes(group)) {
        problems.push(`role "${item.name}" gives "${group}", whose effects no revocation can take back`);
      }
    }
    for (const narrowed of item.scopes.values()) {
      const wanted = v.safeParse(v.object(scope), narrowed.options);
      for (const group of wanted.success ? wanted.output.groups : []) {
        if (parsed.output.groups.includes(group)) continue;
        problems.push(`scope "${narrowed.name}" gives "${group}", which role "${item.name}" does not have`);
      }
    }
  }
  return problems;
}
