// Every example that `--help` shows is typed as it stands there, on a real PostgreSQL; only ids of grants and the
// folder of a backup are put in place of those that the example made up.

import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSigner } from '../../src/audit/signer.ts';
import { registry } from '../../src/cli/registry.ts';
import { fileHeadKeeper } from '../../src/store/head-keeper.ts';
import { newOrigin, openStore } from '../../src/store/open.ts';
import { systemClock } from '../../src/system/clock.ts';
import { systemRandom } from '../../src/system/random.ts';
import { createTypist, examples, type Typist } from '../support/examples.ts';
import { noKeyring, startKeyring } from '../support/keyring.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { missing, openTerminal } from '../support/tmux.ts';
import { until } from '../support/until.ts';
import { finish, prepareServer, type Ran } from '../support/world.ts';

let server: PostgresServer;
let typist: Typist;
beforeAll(async () => {
  server = await startPostgres({ version: 18 });
  await prepareServer(server);
  typist = createTypist(server);
});
afterAll(async () => {
  await typist.world.remove();
  await server.stop();
});

/** Runs the line and answers what it printed, once it has ended well. */
async function works(line: string): Promise<string> {
  const ran: Ran = await typist.sh(line);
  expect(ran.stderr).not.toMatch(/jit: (error|warning)/);
  expect(ran.code, ran.stderr).toBe(0);
  return ran.stdout;
}

/** A log of two events that a key has signed, and the file of its newest head. */
function signedLog(): { file: string; key: string; head: string } {
  const folder = mkdtempSync(path.join(typist.world.dir, 'signed-'));
  const file = path.join(folder, 'log.db');
  const origin = newOrigin(systemRandom);
  const signer = createSigner(origin, systemRandom.bytes(32));
  const heads = fileHeadKeeper(folder);
  const store = openStore({ path: file, clock: systemClock, random: systemRandom, origin, signer, heads });
  store.commit((tx) => tx.append({ type: 'clock.step', at: systemClock.now(), data: { by_ms: 1 } }));
  store.close();
  return { file, key: signer.vkey, head: path.join(folder, `${origin}.head`) };
}

/** The line with a real grant in place of the one that it made up, cut to as many letters. */
async function withGrant(line: string): Promise<string> {
  const id = await typist.keptGrant();
  return line.replace(/\bg7f3(k2)?\b/, (made) => (made.length > 4 ? id : id.slice(0, 6)));
}

async function onTerminal(
  line: string,
  env: Record<string, string>,
  answers: [RegExp, string][],
): Promise<void> {
  const command = ['bash', '--norc', '--noprofile'];
  const terminal = await openTerminal({ command, env: { ...typist.env, ...env }, cwd: typist.world.dir });
  try {
    await terminal.line(line);
    for (const [question, answer] of answers) {
      await terminal.waitFor(question);
      if (answer !== '') await terminal.type(answer);
      await terminal.press('Enter');
    }
    await terminal.line('echo "code=$?"');
    await terminal.waitFor(/^code=0$/m);
  } finally {
    await terminal.close();
  }
}

/** In a bash that has the function of jit; a query, and the grant is dropped. */
async function inUsersShell(line: string, prompt: RegExp): Promise<void> {
  await onTerminal(`. <(jit shell-init bash --print); ${line}`, {}, [
    [prompt, 'psql -Atc "select 40 + 2"'],
    [/^42$/m, 'jit drop'],
    [/left prod-db:.*access revoked/, ''],
  ]);
}

/** A few letters find the target; Enter counts once it is shown. */
async function findsTarget(line: string): Promise<void> {
  const command = ['bash', '--norc', '--noprofile'];
  const terminal = await openTerminal({ command, env: typist.env, cwd: typist.world.dir });
  try {
    await terminal.line(line);
    await terminal.waitFor(/Target/);
    await terminal.type('pdr');
    await terminal.waitFor(/Target pdr\n\S+ prod-db:read/);
    await terminal.press('Enter');
    await terminal.waitFor(/jit: prod-db:read until/);
    await terminal.line('exit');
    await terminal.waitFor(/left prod-db:read .*access revoked/);
  } finally {
    await terminal.close();
  }
}

/** A first configuration in a folder of its own, and what an administrator is given. */
async function writesConfig(line: string, folder: string, file: string, holds: RegExp): Promise<void> {
  const config = path.join(typist.world.dir, folder, 'jit.yaml');
  const ran = await finish(typist.start(`JIT_CONFIG=${config}; export JIT_CONFIG; ${line}`));
  expect(ran.code, ran.stderr).toBe(0);
  expect(readFileSync(path.join(typist.world.dir, file), 'utf8')).toMatch(holds);
  expect(await works(`jit policy check --config ${config}`)).toContain('1 target');
}

const secretKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const accessKey = JSON.stringify({ AccessKeyId: 'AKIAIOSFODNN7EXAMPLE', SecretAccessKey: secretKey });

/** Runs a line beside a keychain; all that it says is on stderr. */
async function withKeyring(
  run: (sh: (line: string) => Promise<Ran>) => Promise<Ran>,
  says: RegExp,
): Promise<void> {
  const keyring = await startKeyring();
  try {
    const variable = `DBUS_SESSION_BUS_ADDRESS='${keyring.env.DBUS_SESSION_BUS_ADDRESS}'`;
    const { code, stdout, stderr } = await run((line) => typist.sh(`export ${variable}; ${line}`));
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(says);
    expect(stderr).not.toContain(secretKey);
  } finally {
    await keyring.close();
  }
}

/** What does not end by itself: shows a grant that begins meanwhile, until somebody presses Ctrl-C. */
async function goesOn(line: string, file: string, shows: RegExp): Promise<void> {
  const running = typist.start(`exec ${line}`);
  const ended = finish(running);
  const place = path.join(typist.world.dir, file);
  await until(() => expect(existsSync(place)).toBe(true));
  await typist.keptGrant();
  await until(() => expect(readFileSync(place, 'utf8')).toMatch(shows));
  running.kill('SIGINT');
  expect((await ended).code).toBe(130);
}

/** A state folder whose log has lost its key; the answer is the name of the log. */
async function losesKey(): Promise<{ setting: string; env: Record<string, string>; origin: string }> {
  losses += 1;
  const folder = path.join(typist.world.dir, `lost-${losses}`);
  const setting = `export JIT_STATE_DIR=${folder}`;
  const script = `mkdir -m 700 ${folder}; ${setting}; jit audit rotate >&2 && jit broker stop >&2 && rm ${folder}/device.key; jit status --json`;
  const { audit_log: log } = JSON.parse(await works(script)) as { audit_log: { origin: string } };
  return { setting, env: { JIT_STATE_DIR: folder }, origin: log.origin };
}
let losses = 0;

/** Examples that need something around them, or of which more is to be seen than that they end well. */
const special: Readonly<Record<string, (line: string) => Promise<void>>> = {
  'jit elevate': findsTarget,
  'jit elevate prod-db --for 30m': (line) =>
    onTerminal(line, {}, [
      [/Role on prod-db/, ''],
      [/jit: prod-db:read until .* \(30m\)/, 'psql -Atc "select 40 + 2, current_user"'],
      [/^42\|jit_l/m, 'exit'],
      [/left prod-db:read .*access revoked/, ''],
    ]),
  'jit elevate prod-db:read --reason INC-4711 -- psql -c "select 1"': async (line) =>
    expect(await works(line)).toMatch(/^\s*1\n\(1 row\)/m),
  'jit elevate prod-db:read --on-end close': (line) =>
    onTerminal(line, {}, [
      [/at its end this shell is closed[\s\S]*\[prod-db:read 30m\]/, 'jit revoke "$JIT_GRANT_ID"'],
      [/prod-db:read ended .*the shell was closed/, 'test $? = 124'],
    ]),
  'jit use prod-db:read --for 30m': (line) => inUsersShell(line, /^\[prod-db:read/m),
  'jit use prod-db:write --reason INC-4711': (line) => inUsersShell(line, /^\[prod-db:write/m),
  'jit drop': () => inUsersShell('jit use prod-db:read', /^\[prod-db:read/m),
  'jit shell-init': (line) => onTerminal(line, {}, [[/bashrc loads it/, '. ~/.bashrc && jit drop; true']]),
  'jit elevate prod-db:read --for 1h --keep --json': async (line) =>
    expect(JSON.parse(await works(line))).toMatchObject({ grant: { keep: true, state: 'active' } }),
  'jit revoke g7f3': async (line) => expect(await works(await withGrant(line))).toMatch(/^revoked g/),
  'jit revoke prod-db:read': async (line) => {
    await works('jit revoke --all');
    await works('jit elevate prod-db:read --keep');
    expect(await works(line)).toMatch(/^revoked g/);
  },
  'jit extend': (line) =>
    onTerminal('jit elevate prod-db:read --for 5m', {}, [
      [/^\[prod-db:read \d/m, line],
      [/^extended .*\((5m|4m59s)\)/m, 'exit'],
      [/left prod-db:read .*access revoked/, ''],
    ]),
  'jit extend --for 30m': async (line) =>
    expect(await works(`jit elevate prod-db:read --for 5m -- ${line}`)).toMatch(
      /^extended .*\((30m|29m59s)\)/,
    ),
  'jit extend g7f3 --for 1h --reason "restore still runs"': async (line) =>
    expect(await works(await withGrant(line))).toMatch(/^extended g/),
  'jit audit log --grant g7f3k2 --json': async (line) =>
    expect(JSON.parse(await works(await withGrant(line))).events.length).toBeGreaterThan(3),
  'jit watch': (line) =>
    onTerminal(line, {}, [
      [/q quits/, 'q'],
      [/jit watch\s+bash\S*[#$]/, ''],
    ]),
  'jit watch > access.log': (line) => goesOn(line, 'access.log', /active prod-db:read g/),
  'jit audit tail -f': (line) => goesOn(`${line} > tail.txt`, 'tail.txt', /lease\.issued/),
  'jit audit tail -f --json > events.jsonl': (line) => goesOn(line, 'events.jsonl', /"lease\.issued"/),
  'jit audit tail --lines 50 --target prod-db': async (line) => {
    await typist.keptGrant();
    expect(await works(line)).toContain('lease.issued');
  },
  // What needs a shared store is typed in shared-store.test.ts.
  'jit audit log --store --since 1d --target prod-db': async (line) =>
    expect(await works(`${line} --help`)).toContain('jit audit log'),
  'jit audit verify --store': async (line) =>
    expect(await works(`${line} --help`)).toContain('jit audit verify'),
  'jit audit verify --store --kept-since 2025-05-01 --key "$KEY" --head alice.head': async (line) =>
    expect(await works(`${line} --help`)).toContain('jit audit verify'),
  'jit audit export --store --cursor-file team.cursor | tee -a team.jsonl': async (line) =>
    expect(await works(line.replace('|', '--help |'))).toContain('jit audit export'),
  'jit audit prove jit.7h2k9d3f5g6h8j1k:41 --store --output event-41.tlog-proof': async (line) =>
    expect(await works(`${line} --help`)).toContain('jit audit prove'),
  'jit audit report --store --from 90d --output team.html': async (line) =>
    expect(await works(`${line} --help`)).toContain('jit audit report'),
  'jit audit fork --reason "home restored from the backup of Sunday"': async (line) => {
    const { env, origin, setting } = await losesKey();
    await onTerminal(line, env, [
      [/type the name of this one/, origin],
      [/signed by a new key/, ''],
    ]);
    await works(`${setting}; jit broker stop`);
  },
  'jit audit fork --reason "new laptop, keychain not moved" --yes': async (line) => {
    const { setting, origin } = await losesKey();
    const ran = await typist.sh(`${setting}; ${line} && jit broker stop >&2`);
    expect(ran.stdout, ran.stderr).toContain(`${origin}/2 goes on from ${origin}`);
  },
  'jit audit sync --now': async (line) =>
    expect(await works(line.replace('--now', '--status'))).toContain('no shared store'),
  'jit store init --host db.example.com --database jit': async (line) =>
    expect(await works(`${line} --print`)).toContain('CREATE SCHEMA IF NOT EXISTS jit'),
  'jit store init --print > store.sql': async (line) => {
    await works(line);
    expect(readFileSync(path.join(typist.world.dir, 'store.sql'), 'utf8')).toContain('jit_owner');
  },
  'jit audit verify /backup/jit.db --json': async (line) =>
    expect(JSON.parse(await works(line.replace('/backup', typist.backup())))).toMatchObject({ valid: true }),
  'jit audit verify /backup/jit.db --key "$KEY"': async (line) => {
    const { file, key } = signedLog();
    expect(await works(`KEY=${key}; ${line.replace('/backup/jit.db', file)}`)).toContain(
      `key ${key} (given)`,
    );
  },
  'jit audit verify /backup/jit.db --head /elsewhere/jit.7h2k9d3f5g6h8j1k.head': async (line) => {
    const { file, head } = signedLog();
    const typed = line.replace('/backup/jit.db', file).replace(/\/elsewhere\S+/, head);
    expect(await works(typed)).toContain('leads to 1 head kept elsewhere');
  },
  'jit audit prove 1 --file /backup/jit.db': async (line) =>
    expect(await works(line.replace('/backup/jit.db', signedLog().file))).toMatch(
      /^c2sp.org\/tlog-proof@v1\n/,
    ),
  'jit audit prove 1 --output event-1.tlog-proof': async (line) =>
    expect(await works(`${line} --file ${signedLog().file}`)).toContain('event 1 of jit.'),
  'jit audit verify-proof event-1.tlog-proof --key "$KEY"': async (line) => {
    const { file, key } = signedLog();
    await works(`jit audit prove 1 --output event-1.tlog-proof --file ${file}`);
    expect(await works(`KEY=${key}; ${line}`)).toContain('valid, event 1 of jit.');
  },
  'jit audit verify-proof event-1.tlog-proof --key "$KEY" --json': async (line) => {
    const { file, key } = signedLog();
    await works(`jit audit prove 1 --output event-1.tlog-proof --file ${file}`);
    expect(JSON.parse(await works(`KEY=${key}; ${line}`))).toMatchObject({ valid: true, seq: 1, key });
  },
  'jit audit export --format csv --since 30d > log.csv': async (line) => {
    await works(await withGrant(line));
    const [header, first] = readFileSync(path.join(typist.world.dir, 'log.csv'), 'utf8').split('\r\n');
    expect(header).toMatch(/^origin,seq,time,/);
    expect(first).toMatch(/^jit\.\w+,0,[^,]+,log\.open,/);
  },
  'jit audit export --format ocsf --cursor-file siem.cursor | tee -a siem.jsonl': async (line) => {
    const first = await works(await withGrant(line));
    const second = await works(await withGrant(line));
    const lines = readFileSync(path.join(typist.world.dir, 'siem.jsonl'), 'utf8');
    expect(lines).toBe(first + second);
    const numbers = lines
      .split('\n')
      .slice(0, -1)
      .map((one) => JSON.parse(one).metadata.sequence);
    expect(numbers).toEqual(numbers.map((_, index) => index));
  },
  'jit audit report --from 90d --output report.html': async (line) => {
    expect(await works(await withGrant(line))).toMatch(
      /^report.html: \d+ requests, [\s\S]*\nsha256 of its JSON [0-9a-f]{64}\n$/,
    );
    expect(readFileSync(path.join(typist.world.dir, 'report.html'), 'utf8')).toMatch(/^<!DOCTYPE html>/);
  },
  'jit audit report --from 2026-01-01T00:00Z --to 2027-01-01T00:00Z --file /backup/jit.db > 2026.html':
    async (line) => {
      expect(await works((await withGrant(line)).replace('/backup', typist.backup()))).toBe('');
      expect(readFileSync(path.join(typist.world.dir, '2026.html'), 'utf8')).toMatch(/<\/html>\n$/);
    },
  'jit audit report --file /backup/jit.db --key "$KEY" --head kept.head --output checked.html': async (
    line,
  ) => {
    const { file, key, head } = signedLog();
    const typed = line.replace('/backup/jit.db', file).replace('kept.head', head);
    expect(await works(`KEY=${key}; ${typed}`)).toMatch(/^checked.html: 0 requests, /);
    expect(readFileSync(path.join(typist.world.dir, 'checked.html'), 'utf8')).toContain(
      'It leads to 1 head kept elsewhere. Its key, or one that signed for it, was given.',
    );
  },
  'jit audit report --format json --seed 4711 | sha256sum': async (line) =>
    expect(await works(await withGrant(line))).toMatch(/^[0-9a-f]{64} /),
  'jit audit export --file /backup/jit.db --format cef': async (line) =>
    expect(await works(line.replace('/backup', typist.backup()))).toMatch(/^CEF:0\|jit\|jit\|/),
  'jit policy explain prod-db:write --for 2h': async (line) =>
    expect(await works(line)).toMatch(/^denied.*\n/),
  'jit policy test policy-test.yaml': async (line) =>
    expect(await works(line)).toContain('2 of 2 as expected'),
  'jit doctor prod-db --remedy | psql -U postgres': async (line) => {
    await server.sql('REVOKE jit_quarantine FROM jit_broker');
    expect((await typist.sh('jit doctor prod-db')).code).toBe(1);
    await works(line);
    expect(await works('jit doctor prod-db')).not.toMatch(/failed/);
  },
  'jit init': async (line) => {
    const config = path.join(typist.world.dir, 'asked', 'jit.yaml');
    await onTerminal(line, { JIT_CONFIG: config }, [
      [/Name of the target/, ''],
      [/Host of/, ''],
      [/Port/, ''],
      [/Database/, 'orders'],
      [/Roles/, 'read=app_ro'],
      [/Longest grant/, ''],
      [/jit elevate prod-db --for 30m/, ''],
    ]);
    expect(await works(`jit policy check --config ${config}`)).toContain('1 target');
  },
  'jit init prod-db --host db.example.com --database orders --role read=orders_read > setup.sql': (line) =>
    writesConfig(line, 'flags', 'setup.sql', /CREATE ROLE/),
  'jit init postgres prod-db --host db.example.com --database orders --role read=orders_read > setup.sql': (
    line,
  ) => writesConfig(line, 'named', 'setup.sql', /CREATE ROLE/),
  'jit init aws': async (line) => {
    const config = path.join(typist.world.dir, 'asked-aws', 'jit.yaml');
    await onTerminal(line, { JIT_CONFIG: config }, [
      [/Name of the target/, ''],
      [/Region/, 'eu-west-1'],
      [/Roles/, 'deploy=arn:aws:iam::123456789012:role/jit-deploy'],
      [/How does the broker/, ''],
      [/ARN of the broker/, ''],
      [/Longest grant/, ''],
      [/--user-name jit-broker/, ''],
    ]);
    expect(await works(`jit policy check --config ${config}`)).toContain('1 target');
  },
  'jit init aws aws-prod --region eu-west-1 --role deploy=arn:aws:iam::123456789012:role/jit-deploy --credentials keychain:jit/aws-prod --broker-arn arn:aws:iam::123456789012:user/jit-broker --print terraform > jit.tf':
    (line) => writesConfig(line, 'aws', 'jit.tf', /^resource "aws_iam_role"/m),
  'jit secret set keychain:jit/prod-db < password.txt': async (line) => {
    await typist.sh('echo hunter2 > password.txt');
    await withKeyring((sh) => sh(line), /stored keychain:jit\/prod-db/);
  },
  'jit secret set keychain:jit/aws-prod --aws': (line) =>
    withKeyring((sh) => sh(`printf '%s' '${accessKey}' | ${line}`), /ending in MPLE/),
  'jit secret set keychain:jit/aws-prod --aws --profile prod < ~/.aws/credentials': async (line) => {
    const rows = '[prod]\naws_access_key_id=AKIAIOSFODNN7EXAMPLE\naws_secret_access_key=';
    await typist.sh(`mkdir -p ~/.aws; printf '${rows}${secretKey}' > ~/.aws/credentials`);
    await withKeyring((sh) => sh(line), /ending in MPLE/);
  },
  'jit secret check keychain:jit/aws-prod': (line) =>
    withKeyring(
      (sh) => sh(`printf x | jit secret set keychain:jit/aws-prod 2>/dev/null; ${line} >&2`),
      /can be read/,
    ),
  'jit secret remove keychain:jit/aws-prod': (line) =>
    withKeyring((sh) => sh(`printf x | jit secret set keychain:jit/aws-prod; ${line}`), /removed/),
  // What needs AWS is typed in aws-hand-out.test.ts; here a trial on what there is will do.
  'jit elevate aws-prod:deploy --for 5m --dry-run': async (line) =>
    expect(await works(line.replace('aws-prod:deploy', 'prod-db:read'))).toContain('prod-db:read'),
  'jit console aws-prod:read --for 30m': async (line) =>
    expect(await works(`${line} --help`)).toContain('jit console'),
  'jit console aws-prod --print | wl-copy': async (line) =>
    expect(await works(line.replace('| wl-copy', '--help'))).toContain('jit console'),
  // Tokens are of GitHub: typed in github-clients.long.test.ts, and understood here.
  'jit token deploy-repos:read --for 10m --reason "nightly report" > token': async (line) =>
    expect(await works(line.replace('> token', '--help'))).toContain('jit token'),
  'jit token deploy-repos:read --for 10m --json': async (line) =>
    expect(await works(`${line} --help`)).toContain('jit token'),
  'jit env prod-db:read --for 10m --format sh > access.sh': async (line) => {
    await works(line);
    expect(await works('. ./access.sh; test -r "$PGPASSFILE" && echo "$PGDATABASE"')).toBe('orders\n');
  },
  'jit env deploy-repos:read --export env --format github --reason "nightly report"': async (line) =>
    expect(await works(`${line} --help`)).toContain('jit env'),
  'jit completion bash > ~/.local/share/bash-completion/completions/jit': writesScript,
  'jit completion bash > ~/.jit-completion.bash': writesScript,
  'jit completion zsh > ~/.zfunc/_jit': writesScript,
  'jit completion fish > ~/.config/fish/completions/jit.fish': writesScript,
  'jit credential git get --grant g7f3k2 < question': async (line) => {
    await typist.sh('printf "protocol=https\nhost=github.com\n\n" > question');
    const ran = await typist.sh(await withGrant(line));
    // A grant of PostgreSQL has nothing for git.
    expect(ran).toMatchObject({ code: 1, stdout: 'quit=1\n' });
  },
  'jit credential aws --grant g7f3k2': async (line) =>
    expect(await works(`${line} --help`)).toContain('jit credential aws'),
  'jit credential aws --print': async (line) =>
    expect(await works(`${line} --help`)).toContain('jit credential aws'),
  // The demonstration has tests of its own; here it is enough that the line is understood.
  'jit demo': async (line) => expect(await works(`${line} --help`)).toContain(line),
  'jit demo --shell': async (line) => expect(await works(`${line} --help`)).toContain(line),
  'jit broker status': async (line) => {
    await works('jit broker start');
    expect(await works(line)).toContain('jit.yaml');
  },
  'jit broker run': async (line) => {
    await works('jit broker stop');
    const running = typist.start(`exec ${line}`);
    const ended = finish(running);
    await until(async () => expect(await works('jit broker status')).toContain(String(running.pid)));
    await works('jit broker stop');
    expect((await ended).code).toBe(0);
  },
};

// What these need beside jit is not on every machine.
const onScreen = [
  'jit elevate',
  'jit elevate prod-db --for 30m',
  'jit elevate prod-db:read --on-end close',
  'jit use prod-db:read --for 30m',
  'jit use prod-db:write --reason INC-4711',
  'jit drop',
  'jit shell-init',
  'jit init',
  'jit init aws',
  'jit watch',
  'jit audit fork --reason "home restored from the backup of Sunday"',
];
const screenTools = ['tmux', 'bash', 'psql'];

/** The folder is there in the homes of those who use that shell. */
async function writesScript(line: string): Promise<void> {
  const file = line.split(' > ')[1] ?? '';
  expect(await works(`mkdir -p "$(dirname ${file})" && ${line} && cat ${file}`)).toContain('jit');
}

describe('help', () => {
  test.concurrent.each(registry)('of "jit $name" shows at least one example', async ({ name }) => {
    const shown = await works(`jit ${name} --help`);
    const [, after = ''] = shown.split('\nExamples\n');
    const lines = after.split('\n').filter((line) => /^ {2}jit /.test(line));
    expect(lines.map((line) => line.trim())).toEqual(
      examples.filter((example) => example.name === name).map(({ line }) => line),
    );
    expect(lines.length).toBeGreaterThan(0);
    expect(await works(`jit help ${name}`)).toBe(shown);
  });

  test.for(examples)('shows "$line", which works', async ({ line }, { skip }) => {
    const absent = missing(
      ...(line.includes('psql') ? ['psql'] : []),
      ...(onScreen.includes(line) ? screenTools : []),
    );
    skip(absent !== null, absent ?? '');
    skip(line.startsWith('jit secret') && noKeyring !== null, noKeyring ?? '');
    const run = special[line];
    if (run) await run(line);
    else expect(await works(line)).not.toBe('');
  });

  test('knows every example that is run in a way of its own', () => {
    const lines = examples.map(({ line }) => line);
    expect(Object.keys(special).filter((line) => !lines.includes(line))).toEqual([]);
  });
});
