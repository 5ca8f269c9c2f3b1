// A program as an operator might write it, and every way in which it goes wrong. What lives is a file per name in the folder
// `ledger`: the ground truth that tests look at, whatever the program says. Usage: node program.ts, JSON on stdin.

import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

interface Request {
  readonly action: 'issue' | 'revoke' | 'confirm' | 'list';
  readonly name: string;
  readonly not_after: string;
  readonly handle: unknown;
  readonly options: { readonly ledger: string; readonly fault?: string };
}

const text = readFileSync(0, 'utf8');
const request = JSON.parse(text) as Request;
const { ledger } = request.options;
const place = path.join(ledger, 'live', request.name ?? '');
const secret = 'made-up-Password7Kq2Zx';

/** What to do wrong: as the role says for issue, as a file says for the others, so that tests can change it. */
function fault(): string | undefined {
  const file = path.join(ledger, `${request.action}-fault`);
  if (existsSync(file)) return readFileSync(file, 'utf8');
  return request.action === 'issue' ? request.options.fault : undefined;
}

const answer = (value: unknown): void =>
  void process.stdout.write(`${JSON.stringify({ version: 1, ...(value as object) })}\n`);
const hang = (): void => {
  process.on('SIGTERM', () => undefined);
  setInterval(() => undefined, 2 ** 30);
};
const made = {
  expires_at: request.not_after,
  env: { VAULT_USER: request.name },
  secrets: { VAULT_PASSWORD: secret },
};

function flood(stream: NodeJS.WriteStream, bytes: number): void {
  const chunk = Buffer.alloc(1 << 16, 'x');
  let left = bytes;
  const more = (): void => {
    while (left > 0) {
      left -= chunk.length;
      if (!stream.write(chunk)) return void stream.once('drain', more);
    }
    if (stream === process.stderr) answer(made);
  };
  stream.on('error', () => process.exit(1));
  more();
}

/** @returns true when the fault has taken over */
function misbehave(): boolean {
  switch (fault()) {
    case 'hang':
      hang();
      return true;
    case 'hang-with-child':
      spawn('sleep', ['300'], { stdio: ['ignore', 'inherit', 'inherit'] });
      hang();
      return true;
    case 'child-keeps-stdout':
      spawn('sleep', ['300'], { stdio: ['ignore', 'inherit', 'inherit'] }).unref();
      return false;
    case 'garbage':
      process.stdout.write('<html>502 Bad Gateway</html>');
      return true;
    case 'empty':
      return true;
    case 'flood':
      flood(process.stdout, 1 << 30);
      return true;
    case 'flood-stderr':
      flood(process.stderr, 1 << 26);
      return true;
    case 'exit-1':
      process.stderr.write(
        `cannot store ${secret} for ${request.name}, token ${process.env['PROGRAM_TOKEN']}\n`,
      );
      process.exitCode = 1;
      return true;
    case 'exit-1-after-answer':
      answer(made);
      process.stderr.write(`made ${request.name} with ${secret}\n`);
      process.exitCode = 1;
      return true;
    case 'killed':
      process.kill(process.pid, 'SIGKILL');
      setInterval(() => undefined, 1000);
      return true;
    case 'non-utf8':
      process.stdout.write(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]));
      return true;
    case 'deep':
      process.stdout.write(`${'['.repeat(20_000)}${']'.repeat(20_000)}`);
      return true;
    case 'duplicate':
      process.stdout.write(`{"version":1,"expires_at":"${request.not_after}","expires\\u005fat":null}`);
      return true;
    case 'unknown-key':
      answer({ ...made, [secret]: true });
      return true;
    case 'steering':
      answer({ ...made, env: { LD_PRELOAD: '/tmp/x.so' } });
      return true;
    case 'outside-file':
      answer({ ...made, files: [{ name: '../../x', variable: 'X_FILE', content: 'x' }] });
      return true;
    case 'secret-in-handle':
      answer({ ...made, handle: { id: 7, again: secret } });
      return true;
    case 'too-long-lived':
      answer({ ...made, expires_at: new Date(Date.now() + 365 * 86_400_000).toISOString() });
      return true;
    case 'over':
      answer({ ...made, expires_at: '2001-01-01T00:00:00Z' });
      return true;
    case 'endless':
      answer({ ...made, expires_at: null });
      return true;
    case 'ending':
      answer({ status: 'ending', ends_at: new Date(Date.now() + 3_600_000).toISOString() });
      return true;
    case 'exit-3-alone':
      process.exitCode = 3;
      return true;
    default:
      return false;
  }
}

if (fault() === 'refuse') {
  answer({ error: `no more room \u001b[31m for ${process.env['PROGRAM_TOKEN']} ${'!'.repeat(1000)}` });
  process.exitCode = 3;
} else if (request.action === 'issue') {
  writeFileSync(place, text);
  if (!misbehave()) answer({ ...made, handle: { id: 7 } });
} else if (!misbehave()) {
  if (request.action === 'revoke') {
    writeFileSync(path.join(ledger, 'last-revoke.json'), text);
    rmSync(place, { force: true });
    answer({ status: 'gone' });
  } else if (request.action === 'confirm') answer({ status: existsSync(place) ? 'alive' : 'gone' });
  else answer({ items: readdirSync(path.join(ledger, 'live')).map((name) => ({ name })) });
}
