// jit init postgres: a first configuration for one PostgreSQL target, by questions or from flags.

import { formatDuration, parseDuration } from '../../core/duration.ts';
import { JitError } from '../../core/errors.ts';
import type { Milliseconds } from '../../core/time.ts';
import type { InitRequest } from '../../protocol/offline.ts';
import { arg, type Command, defineCommand, type Example, opt } from '../define-command.ts';
import { askFor, firstSteps, freshPath, need, parseTarget, rolesFrom, tellSteps } from '../init/questions.ts';
import { quotedWord } from '../quoted-word.ts';
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

const parseRoles = (texts: readonly string[]): Record<string, readonly string[]> =>
  rolesFrom(texts, parseRole, (name) => `put its groups into one: --role ${name}=group1,group2`);

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new JitError('ERR_USAGE', `"${text}" is not a port`, { hint: 'a whole number from 1 to 65535' });
}

/** A name, an address, or the folder of a socket. */
function parseHost(text: string): string {
  if (/^[A-Za-z0-9._:%/@-]+$/.test(text)) return text;
  throw new JitError('ERR_USAGE', `"${text}" is not a host`, {
    hint: 'a name or an address, e.g. db.example.com',
  });
}

const rolesQuestion =
  'Roles, as name=group[,group], blanks between them (groups are NOLOGIN roles on the server)';

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

async function askForAll(
  world: World,
  command: string,
  word: string | null,
  flags: Flags,
): Promise<InitRequest> {
  // Asked for one, asked for all: a person who gave every needed flag wants no questions.
  const asks = world.interactive && (!word || !flags.host || !flags.database || flags.role.length === 0);
  const path = freshPath(world, flags.force);
  const target = await need(world, command, {
    flag: '<target>',
    given: word,
    question: 'Name of the target',
    read: parseTarget,
    fallback: 'prod-db',
  });
  const host = await need(world, command, {
    flag: '--host',
    given: flags.host,
    question: 'Host of the PostgreSQL server',
    read: parseHost,
    fallback: 'localhost',
  });
  const port = flags.port ?? (asks ? await askFor(world, 'Port', parsePort, '5432') : 5432);
  const database = await need(world, command, {
    flag: '--database',
    given: flags.database,
    question: 'Database',
    read: (answer) => answer,
  });
  const roles =
    flags.role.length > 0
      ? parseRoles(flags.role)
      : await need(world, command, {
          flag: '--role',
          given: null,
          question: rolesQuestion,
          read: (answer) => parseRoles(answer.split(/\s+/)),
        });
  const brokerUser = flags.user ?? 'jit_broker';
  const maxDuration =
    flags.max ?? (asks ? await askFor(world, 'Longest grant', parseDuration, '1h') : 3_600_000);
  const risk = flags.risk ?? 'medium';
  return { path, force: flags.force, target, host, port, database, roles, brokerUser, maxDuration, risk };
}

/** The command under one of its names. */
export function postgresCommand(
  name: string,
  summary: string,
  more: string,
  examples: readonly [Example, ...Example[]],
): Command {
  return defineCommand({
    name,
    summary,
    description: [
      'Asks for what no flag gives. Writes the configuration and a password for the broker, and prints on stdout the SQL',
      'that an administrator of the server runs once; it holds no password, only what the server needs to check one.',
      more,
    ].join('\n'),
    args: { target: arg.optional('what the database is to be called, e.g. prod-db') },
    options: {
      host: opt.text('host', 'host of the server'),
      port: opt.count('port', 'port of the server, else 5432', 1, 65_535),
      database: opt.text('database', 'the database'),
      role: opt.list('name=group[,group]', 'a role, and the NOLOGIN group roles on the server that it means'),
      user: opt.text('user', "the broker's own user on the server, else jit_broker"),
      max: opt.duration('no grant is longer, else 1h', { aliases: ['max-duration'] }),
      risk: opt.choice('risk', ['low', 'medium', 'high'], 'how much harm can be done there, else medium'),
      force: opt.flag('replace the configuration that is there'),
    },
    json: {
      path: '/home/alice/.config/jit/jit.yaml',
      secret: '/home/alice/.config/jit/prod-db.password',
      sql: "CREATE ROLE jit_broker LOGIN CREATEROLE PASSWORD 'SCRAM-SHA-256$…';",
    },
    examples,
    async run(world, { args, options, json }) {
      const request = await askForAll(world, name, args.target, options);
      const { host, port, database } = request;
      const reply = await (await world.loadOffline()).init(request);
      if (json) {
        world.out.json(reply);
        return 0;
      }
      const { doctor, elevate } = firstSteps(world, request, Object.keys(request.roles));
      const where = `-h ${quotedWord(host)} -p ${port} -U postgres -d ${quotedWord(database)}`;
      tellSteps(
        world,
        [
          `wrote ${reply.path}`,
          `the password of "${request.brokerUser}" is in ${reply.secret}`,
          `grants on "${request.target}" last ${formatDuration(request.maxDuration)} at most`,
        ],
        [`an administrator runs the SQL on stdout, once: psql ${where} -f <file>`, doctor, elevate],
      );
      world.out.print(reply.sql.trimEnd());
      return 0;
    },
  });
}

export const initPostgres = postgresCommand(
  'init postgres',
  'write a first configuration for a PostgreSQL database',
  '"jit init" alone does the same.',
  [
    {
      command:
        'jit init postgres prod-db --host db.example.com --database orders --role read=orders_read > setup.sql',
      does: 'from flags; an administrator runs setup.sql once',
    },
  ],
);
