// jit store init: sets up the shared store, or prints the SQL for somebody who may.

import { sslModes } from '../../core/postgres-address.ts';
import { Secret } from '../../core/secret.ts';
import { parseSecretReference } from '../../core/secret-reference.ts';
import { defineCommand, opt } from '../define-command.ts';
import { need, tellSteps } from '../init/questions.ts';
import { withStoreAdvice } from '../init/store-advice.ts';
import { waiting } from '../progress.ts';
import type { World } from '../world.ts';

/** What comes next, for `--print` as well. */
const steps = [
  "make a login for each broker: CREATE ROLE jit_alice LOGIN PASSWORD '…' IN ROLE jit_writer; psql's \\password sends no plain text",
  "make one for whoever reads: CREATE ROLE jit_audit LOGIN PASSWORD '…' IN ROLE jit_auditor",
];

function snippet({ host, port, database }: { host: string; port: number; database: string }): string {
  return [
    'store:',
    `  host: ${JSON.stringify(host)}`,
    ...(port === 5432 ? [] : [`  port: ${port}`]),
    `  database: ${JSON.stringify(database)}`,
    '  user: jit_alice',
    '  password: "keychain:jit/store"',
    '  # where somebody reads the logs of everybody:',
    '  # auditor: { user: jit_audit, password: "keychain:jit/audit" }',
  ].join('\n');
}

/** Asked for only where somebody sits; else PGPASSWORD, or a server that wants none. */
async function passwordOf(world: World, given: string | null): Promise<string | Secret | null> {
  if (given !== null) {
    parseSecretReference(given);
    return given;
  }
  if (!world.interactive || world.env.PGPASSWORD) return null;
  const typed = await world.ask.secret('Password of the administrator (empty: none)');
  return typed === '' ? null : new Secret(typed);
}

export const storeInit = defineCommand({
  name: 'store init',
  summary: 'set up a PostgreSQL database as the shared store of all audit logs',
  description: [
    'Connects as an administrator, makes the roles jit_owner, jit_writer and jit_auditor, and the schema jit. Running it again',
    'is harmless, applies what a newer jit brings, and makes room for the months ahead. With --print nothing is contacted.',
    'Without --password, PGPASSWORD is taken, or it is asked for on a terminal.',
  ].join('\n'),
  args: {},
  options: {
    host: opt.text('host', 'host of the server, or the folder of its Unix socket'),
    port: opt.count('port', 'port of the server, else 5432', 1, 65_535),
    database: opt.text('database', 'the database; it has to be there'),
    user: opt.text('user', 'the administrator, else postgres'),
    password: opt.text('reference', 'where the password is kept: keychain:, file:, env: or command:'),
    sslmode: opt.choice('mode', sslModes, 'as in the configuration; verify-full unless it is this machine'),
    'ssl-root-cert': opt.text('file', 'certificates that the server is checked against'),
    print: opt.flag('print the SQL, for an administrator to run'),
  },
  json: { applied: ['logs-and-events', 'append', 'partitions'], version: 3, sql: null },
  examples: [
    { command: 'jit store init --print > store.sql', does: 'for somebody else to run' },
    {
      command: 'jit store init --host db.example.com --database jit',
      does: 'sets it up, or brings it up to date',
    },
  ],
  async run(world, { options, json }) {
    const { out } = world;
    const offline = await world.loadOffline();
    if (options.print) {
      const sql = offline.storeSql();
      if (json) out.json({ applied: [], version: null, sql });
      else {
        tellSteps(
          world,
          ['run the SQL on stdout as an administrator, in the database of the store; then:'],
          steps,
        );
        out.print(sql.trimEnd());
      }
      return 0;
    }
    const command = 'store init';
    const read = (text: string): string => text;
    const host = await need(world, command, {
      flag: '--host',
      given: options.host,
      question: 'Host of the PostgreSQL server',
      read,
      fallback: 'localhost',
    });
    const database = await need(world, command, {
      flag: '--database',
      given: options.database,
      question: 'Database',
      read,
      fallback: 'jit',
    });
    const port = options.port ?? 5432;
    const request = {
      host,
      port,
      database,
      user: options.user ?? 'postgres',
      password: await passwordOf(world, options.password),
      sslmode: options.sslmode,
      sslRootCert: options['ssl-root-cert'],
    };
    const setUp = offline.storeInit(request).catch((error: unknown) => {
      throw withStoreAdvice(request, error);
    });
    const reply = await waiting(world, 'Setting up the shared store', setUp);
    if (json) {
      out.json({ ...reply, sql: null });
      return 0;
    }
    const done = reply.applied.length === 0 ? 'was set up already' : `applied ${reply.applied.join(', ')}`;
    tellSteps(
      world,
      [`the shared store is at version ${reply.version}: ${done}`],
      [
        ...steps,
        'put what is on stdout into jit.yaml, and the password where it says: jit secret set keychain:jit/store',
        'jit audit sync',
      ],
    );
    out.print(snippet(request));
    return 0;
  },
});
