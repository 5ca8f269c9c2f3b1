// jit init: a first configuration for one PostgreSQL target, by questions or from flags.

import { formatDuration, parseDuration } from '../../core/duration.ts';
import { JitError } from '../../core/errors.ts';
import type { Milliseconds } from '../../core/time.ts';
import type { InitRequest } from '../../protocol/offline.ts';
import { arg, defineCommand, opt } from '../define-command.ts';
import { escapeText } from '../escape.ts';
import type { World } from '../world.ts';

/** `read=orders_read,orders_ref` -> `['read', ['orders_read', 'orders_ref']]`. @throws JitError `ERR_USAGE` */
function parseRole(text: string): [string, string[]] {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(equals, 0)).trim();
  const groups = text
    .slice(equals + 1)
    .split(',')
    .map((group) => group.trim());
  if (name && groups.every((group) => group !== '')) return [name, groups];
  throw new JitError('ERR_USAGE', `option "--role": "${text}" is not name=group[,group]`, {
    hint: '--role read=orders_read; the groups are NOLOGIN roles on the server',
  });
}

function parseRoles(texts: readonly string[]): Record<string, readonly string[]> {
  const roles = texts.map(parseRole);
  const twice = roles.find(([name], index) => roles.findIndex(([other]) => other === name) !== index);
  if (twice) {
    throw new JitError('ERR_USAGE', `option "--role" names "${twice[0]}" twice`, {
      hint: `put its groups into one: --role ${twice[0]}=group1,group2`,
    });
  }
  return Object.fromEntries(roles);
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new JitError('ERR_USAGE', `"${text}" is not a port`, { hint: 'a whole number from 1 to 65535' });
}

/** A flag's value, else the answer to a question, else an error that names the flag. */
async function need(
  world: World,
  flag: string,
  given: string | null,
  question: string,
  fallback?: string,
): Promise<string> {
  if (given !== null) return given;
  if (world.interactive) return world.ask.text(question, fallback);
  throw new JitError('ERR_INPUT_NEEDED', `"jit init" needs "${flag}"`, { hint: 'jit init --help' });
}

async function needRoles(world: World, given: readonly string[]): Promise<Record<string, readonly string[]>> {
  if (given.length > 0) return parseRoles(given);
  const text = await need(
    world,
    '--role',
    null,
    'Roles, as name=group[,group], blanks between them (groups are NOLOGIN roles on the server)',
  );
  return parseRoles(text.split(/\s+/));
}

interface Flags {
  readonly host: string | null;
  readonly port: number | null;
  readonly database: string | null;
  readonly role: readonly string[];
  readonly user: string | null;
  readonly max: Milliseconds | null;
  readonly risk: InitRequest['risk'] | null;
  readonly force: boolean;
}

async function askForAll(world: World, word: string | null, flags: Flags): Promise<InitRequest> {
  // Asked for one, asked for all: a person who gave every needed flag wants no questions.
  const asks = world.interactive && (!word || !flags.host || !flags.database || flags.role.length === 0);
  const path = world.configPath(world.config);
  if (!flags.force && world.exists(path)) {
    throw new JitError('ERR_CONFLICT', `the configuration "${path}" is there already`, {
      hint: 'write another one with --config, or replace it with --force',
    });
  }
  const target = await need(world, '<target>', word, 'Name of the target', 'prod-db');
  const host = await need(world, '--host', flags.host, 'Host of the PostgreSQL server', 'localhost');
  const port = flags.port ?? (asks ? parsePort(await world.ask.text('Port', '5432')) : 5432);
  const database = await need(world, '--database', flags.database, 'Database');
  const roles = await needRoles(world, flags.role);
  const brokerUser = flags.user ?? 'jit_broker';
  const maxDuration =
    flags.max ?? (asks ? parseDuration(await world.ask.text('Longest grant', '1h')) : 3_600_000);
  const risk = flags.risk ?? 'medium';
  return { path, force: flags.force, target, host, port, database, roles, brokerUser, maxDuration, risk };
}

export const init = defineCommand({
  name: 'init',
  summary: 'write a first configuration for a PostgreSQL database',
  description: [
    'Asks for what no flag gives. Writes the configuration and a password for the broker, and prints on stdout the SQL',
    'that an administrator of the server runs once; it holds no password, only what the server needs to check one.',
  ].join('\n'),
  args: { target: arg.optional('what the database is to be called, e.g. prod-db') },
  options: {
    host: opt.text('host', 'host of the server'),
    port: opt.count('port', 'port of the server, else 5432', 1, 65_535),
    database: opt.text('database', 'the database'),
    role: opt.list('name=group[,group]', 'a role, and the NOLOGIN group roles on the server that it means'),
    user: opt.text('user', "the broker's own user on the server, else jit_broker"),
    max: opt.duration('no grant is longer, else 1h'),
    risk: opt.choice('risk', ['low', 'medium', 'high'], 'how much harm can be done there, else medium'),
    force: opt.flag('replace the configuration that is there'),
  },
  json: {
    path: '/home/alice/.config/jit/jit.yaml',
    secret: '/home/ada/.config/jit/prod-db.password',
    sql: "CREATE ROLE jit_broker LOGIN CREATEROLE PASSWORD 'SCRAM-SHA-256$…';",
  },
  examples: [
    { command: 'jit init', does: 'by questions' },
    {
      command: 'jit init prod-db --host db.example.com --database orders --role read=orders_read > setup.sql',
      does: 'from flags; an administrator runs setup.sql once',
    },
  ],
  async run(world, { args, options, json }) {
    const { out } = world;
    const request = await askForAll(world, args.target, options);
    const reply = await (await world.loadOffline()).init(request);
    if (json) {
      out.json(reply);
      return 0;
    }
    out.note(`jit: wrote ${escapeText(reply.path)}`);
    out.note(`     the password of "${escapeText(request.brokerUser)}" is in ${escapeText(reply.secret)}`);
    out.note(
      `     grants on "${escapeText(request.target)}" last ${formatDuration(request.maxDuration)} at most`,
    );
    out.note('     1. an administrator runs the SQL on stdout, once');
    out.note(`     2. jit doctor ${escapeText(request.target)}`);
    out.note(`     3. jit elevate ${escapeText(request.target)} --for 30m`);
    out.print(reply.sql.trimEnd());
    return 0;
  },
});
