// jit init: a first configuration for one PostgreSQL target, by questions or from flags.

import { formatDuration, parseDuration } from '../../core/duration.ts';
import { JitError } from '../../core/errors.ts';
import type { Milliseconds } from '../../core/time.ts';
import type { InitRequest } from '../../protocol/offline.ts';
import { arg, defineCommand, opt } from '../define-command.ts';
import { escapeText } from '../escape.ts';
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

/** As the configuration takes it. */
function parseTarget(text: string): string {
  if (/^[a-z][a-z0-9._-]{0,39}$/.test(text)) return text;
  throw new JitError('ERR_USAGE', `"${text}" is not a name of a target`, {
    hint: 'a small letter, then small letters, digits, ".", "_" and "-", at most 40 in all; e.g. prod-db',
  });
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

/** Asks until the answer can be read: one slip must not lose the answers before it. */
async function askFor<T>(
  { ask, out }: World,
  question: string,
  read: (text: string) => T,
  fallback?: string,
): Promise<T> {
  for (;;) {
    const answer = await ask.text(question, fallback);
    try {
      return read(answer);
    } catch (error) {
      if (!(error instanceof JitError)) throw error;
      out.note(`jit: ${escapeText(error.message)}`);
      if (error.hint !== undefined) out.hint(error.hint);
    }
  }
}

/** A flag's value, else the answer to a question, else an error that names the flag. */
async function need<T>(
  world: World,
  flag: string,
  given: string | null,
  question: string,
  read: (text: string) => T,
  fallback?: string,
): Promise<T> {
  if (given !== null) return read(given);
  if (world.interactive) return askFor(world, question, read, fallback);
  throw new JitError('ERR_INPUT_NEEDED', `"jit init" needs "${flag}"`, { hint: 'jit init --help' });
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
  const text = (answer: string): string => answer;
  const readRoles = (answer: string) => parseRoles(answer.split(/\s+/));
  const target = await need(world, '<target>', word, 'Name of the target', parseTarget, 'prod-db');
  const host = await need(
    world,
    '--host',
    flags.host,
    'Host of the PostgreSQL server',
    parseHost,
    'localhost',
  );
  const port = flags.port ?? (asks ? await askFor(world, 'Port', parsePort, '5432') : 5432);
  const database = await need(world, '--database', flags.database, 'Database', text);
  const roles =
    flags.role.length > 0
      ? parseRoles(flags.role)
      : await need(world, '--role', null, rolesQuestion, readRoles);
  const brokerUser = flags.user ?? 'jit_broker';
  const maxDuration =
    flags.max ?? (asks ? await askFor(world, 'Longest grant', parseDuration, '1h') : 3_600_000);
  const risk = flags.risk ?? 'medium';
  return { path, force: flags.force, target, host, port, database, roles, brokerUser, maxDuration, risk };
}

/** What is left to do, in order. `config` is set when the next commands must be told of the file too. */
function nextSteps(request: InitRequest, config: string | null): string[] {
  const { target, host, port, database, roles } = request;
  const jit = config === null ? 'jit' : `jit --config ${quotedWord(config)}`;
  const [role, ...others] = Object.keys(roles);
  const name = others.length > 0 ? `${target}:${role}` : target;
  return [
    `an administrator runs the SQL on stdout, once: psql -h ${quotedWord(host)} -p ${port} -U postgres -d ${quotedWord(database)} -f <file>`,
    `${jit} doctor ${target}`,
    `${jit} elevate ${name} --for ${formatDuration(Math.min(request.maxDuration, 1_800_000))}`,
  ];
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
    secret: '/home/alice/.config/jit/prod-db.password',
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
    for (const [index, step] of nextSteps(request, world.config).entries()) {
      out.note(`     ${index + 1}. ${escapeText(step)}`);
    }
    out.print(reply.sql.trimEnd());
    return 0;
  },
});
