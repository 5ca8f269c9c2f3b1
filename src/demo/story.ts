// The story of the demonstration, step by step. Each step says what must come of it and fails when it does not.

import { setTimeout as delay } from 'node:timers/promises';
import { JitError } from '../core/errors.ts';
import { systemClock } from '../system/clock.ts';
import { type Commands, type Ended, typedLine } from './commands.ts';
import type { Narrator } from './narrator.ts';
import type { Scene } from './scene.ts';
import { formatRows } from './table.ts';

/** What every step works with. */
export interface Stage {
  readonly scene: Scene;
  readonly commands: Commands;
  readonly narrator: Narrator;
}

const rolesLeft = `SELECT rolname AS role, rolvaliduntil AS valid_until FROM pg_roles
  WHERE rolname LIKE 'jit\\_%' AND rolname NOT IN ('jit_broker', 'jit_quarantine')`;

const sessionsLeft = `SELECT usename AS user, now() - query_start AS running, query FROM pg_stat_activity
  WHERE usename LIKE 'jit\\_%' AND usename <> 'jit_broker' AND state = 'active'`;

function must(holds: boolean, expected: string, ended?: Ended): void {
  if (holds) return;
  const got = ended ? `: exit code ${ended.code}` : '';
  throw new JitError('ERR_CHECK_FAILED', `expected ${expected}${got}`);
}

/** Types a command, shows what it says, and answers what came of it. */
async function type({ commands, narrator }: Stage, name: string, ...args: string[]): Promise<Ended> {
  narrator.typed(typedLine(name, args));
  const ended = await commands.run(name, args);
  narrator.output(ended.output);
  return ended;
}

/** Asks again until `holds`, for at most `seconds`. */
async function within(seconds: number, holds: () => Promise<boolean>): Promise<boolean> {
  for (const end = systemClock.now() + seconds * 1000; systemClock.now() < end; await delay(50)) {
    if (await holds()) return true;
  }
  return holds();
}

export async function showTargets(stage: Stage): Promise<void> {
  stage.narrator.title('What may I have? (the first command starts the broker)');
  const targets = await type(stage, 'jit', 'targets');
  must(
    targets.code === 0 && targets.output.includes('orders-db'),
    '"jit targets" to list orders-db',
    targets,
  );
}

export async function readOnly(stage: Stage): Promise<void> {
  const { narrator } = stage;
  narrator.title('A read grant for one command');
  const elevate = ['elevate', 'orders-db:read', '--for', '5m', '--'];
  const select = 'SELECT state, count(*) AS orders, sum(amount) FROM orders GROUP BY 1 ORDER BY 1';
  const read = await type(stage, 'jit', ...elevate, 'sql', select);
  must(read.code === 0 && read.output.includes('paid'), 'the SELECT to work', read);
  narrator.confirm('reading works, as a PostgreSQL role that was made for this one command');

  const update = await type(stage, 'jit', ...elevate, 'sql', "UPDATE orders SET state = 'paid'");
  must(update.code === 1 && /permission denied/.test(update.output), 'the UPDATE to be refused', update);
  narrator.confirm('writing is refused by the server itself');
}

export async function deniedByPolicy(stage: Stage): Promise<void> {
  stage.narrator.title('More than the policy allows');
  const wish = [
    'elevate',
    'orders-db:write',
    '--for',
    '8h',
    '--reason',
    'nightly cleanup',
    '--',
    'sql',
    'SELECT 1',
  ];
  const denied = await type(stage, 'jit', ...wish);
  must(
    denied.code === 3 && /30 ?m/.test(denied.output),
    'a denial that names the limit, with exit code 3',
    denied,
  );
  stage.narrator.confirm('denied, with the reason; nothing was made on the server (exit code 3)');
}

export async function cutAtDeadline(stage: Stage): Promise<void> {
  const { scene, commands, narrator } = stage;
  narrator.title('A grant of four seconds, and a query that wants sixty');
  const args = [
    'elevate',
    'orders-db:read',
    '--for',
    '4s',
    '--',
    'sql',
    'SELECT count(*), pg_sleep(60) FROM customers',
  ];
  narrator.typed(typedLine('jit', args));
  const started = systemClock.now();
  const running = commands.run('jit', args, { onOutput: narrator.output });
  const seen = await within(4, async () => (await scene.asSuperuser(sessionsLeft)).rows.length > 0);
  must(seen, 'the query to run on the server');
  narrator.say('meanwhile, what the server knows (asked as the superuser):');
  narrator.typed('SELECT rolname, rolvaliduntil FROM pg_roles …', 'postgres=#');
  const roles = await scene.asSuperuser(rolesLeft);
  narrator.output(formatRows(roles.names, roles.rows));
  const ended = await running;
  const seconds = (systemClock.now() - started) / 1000;
  must(ended.code === 124, 'the command to end with exit code 124', ended);
  must(seconds < 15, `the query to be cut after four seconds, not ${seconds.toFixed(1)}`);
  const cut = await within(2, async () => (await scene.asSuperuser(sessionsLeft)).rows.length === 0);
  must(cut, 'no session to be left on the server');
  narrator.confirm(`cut in the middle of its query after ${seconds.toFixed(1)} s (exit code 124)`);
}

export async function rolesGone(stage: Stage): Promise<void> {
  const { scene, narrator } = stage;
  narrator.title('Is it really gone? (asked as the superuser, past jit)');
  const gone = await within(10, async () => (await scene.asSuperuser(rolesLeft)).rows.length === 0);
  narrator.typed('SELECT rolname, rolvaliduntil FROM pg_roles …', 'postgres=#');
  const roles = await scene.asSuperuser(rolesLeft);
  narrator.output(formatRows(roles.names, roles.rows));
  must(gone, 'no role of jit to be left in pg_roles');
  narrator.confirm('no role is left, only the broker and its quarantine');
}

export async function audited(stage: Stage): Promise<void> {
  const { narrator } = stage;
  narrator.title('What the log says about all this');
  const log = await type(stage, 'jit', 'audit', 'log');
  must(log.code === 0 && log.output.includes('lease.revoked'), 'the log to tell of revoked leases', log);
  const verified = await type(stage, 'jit', 'audit', 'verify');
  must(verified.code === 0, 'the log to verify', verified);
  narrator.confirm('every event is there, and each one holds the hash of the one before');
}

export async function playInShell(stage: Stage): Promise<void> {
  const { commands, narrator } = stage;
  narrator.title('Your turn');
  narrator.say('The next command opens your shell with a write grant for 15 minutes. Try:');
  narrator.say('  sql "SELECT * FROM orders LIMIT 3"     psql works too, where it is installed');
  narrator.say('  jit status                             what is granted, and for how long');
  narrator.say('  exit                                   gives the grant back');
  const args = ['elevate', 'orders-db:write', '--for', '15m', '--reason', 'trying jit'];
  narrator.typed(typedLine('jit', args));
  await commands.interactive('jit', args);
}

/** Stops the broker and waits for its process to end. @returns whether it is certainly gone. */
export async function stopBroker({ commands }: Pick<Stage, 'commands'>): Promise<boolean> {
  const status = await commands.run('jit', ['broker', 'status', '--json']);
  const pid = Number(/"pid":\s*(\d+)/.exec(status.stdout)?.[1]);
  if (!pid) return true;
  await commands.run('jit', ['broker', 'stop']);
  if (await within(10, async () => !isAlive(pid))) return true;
  process.kill(pid, 'SIGKILL');
  return false;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
