import { describe, expect, it } from 'vitest';
import type { InitRequest } from '../../../src/protocol/offline.ts';
import { jit, jsonError, type Setting } from '../harness.ts';

const reply = {
  path: '/home/ada/.config/jit/jit.yaml',
  secret: 'file:/x/secret',
  sql: 'CREATE ROLE jit_broker;\n',
};
const flags = [
  'init',
  'prod-db',
  '--host',
  'db',
  '--database',
  'orders',
  '--role',
  'read=orders_read,ref_read',
];

async function init(argv: readonly string[], setting: Setting = {}) {
  const requests: InitRequest[] = [];
  const offline = {
    init: async (request: InitRequest) => {
      requests.push(request);
      return reply;
    },
  };
  return { ...(await jit(argv, { exists: () => false, offline, ...setting })), requests };
}

describe('jit init', () => {
  it('turns flags into the request, with defaults for the rest, and asks nothing', async () => {
    const ran = await init(flags, { tty: true });
    expect(ran.requests).toEqual([
      {
        path: '/home/ada/.config/jit/jit.yaml',
        force: false,
        target: 'prod-db',
        host: 'db',
        port: 5432,
        database: 'orders',
        roles: { read: ['orders_read', 'ref_read'] },
        brokerUser: 'jit_broker',
        maxDuration: 3_600_000,
        risk: 'medium',
      },
    ]);
    expect(ran.questions).toEqual([]);
  });

  it('prints the SQL alone on stdout and the next steps on stderr', async () => {
    const ran = await init(flags);
    expect(ran).toMatchObject({ code: 0, stdout: 'CREATE ROLE jit_broker;\n' });
    expect(ran.stderr).toContain('jit doctor prod-db');
    expect(ran.stderr).toContain('jit elevate prod-db --for 30m');
  });

  it('asks for everything on a terminal when nothing is given', async () => {
    const answers = ['shop', 'db.example.com', '5433', 'shop', 'read=a write=b,c', '2h'];
    const ran = await init(['init'], { tty: true, answers });
    expect(ran.requests[0]).toMatchObject({
      target: 'shop',
      host: 'db.example.com',
      port: 5433,
      database: 'shop',
      roles: { read: ['a'], write: ['b', 'c'] },
      maxDuration: 7_200_000,
    });
  });

  it('asks again after an answer that cannot be read, and keeps the others', async () => {
    const bad = ['Prod DB', 'Bad Name', '99999', 'read', 'soon'];
    const good = ['shop', 'db', '5433', 'read=a', '2h'];
    const answers = [
      bad[0],
      good[0],
      bad[1],
      good[1],
      bad[2],
      good[2],
      'shop',
      bad[3],
      good[3],
      bad[4],
      good[4],
    ];
    const ran = await init(['init'], { tty: true, answers: answers.map(String) });
    expect(ran.code).toBe(0);
    expect(ran.requests[0]).toMatchObject({ target: 'shop', host: 'db', port: 5433, roles: { read: ['a'] } });
    expect(ran.stderr).toContain('jit: "Bad Name" is not a host');
  });

  it('names in the next steps how to run the SQL, the role when there are several, and the configuration', async () => {
    const ran = await init(['--config', './my jit.yaml', ...flags, '--role', 'write=w', '--max', '10m']);
    expect(ran.stderr).toContain('psql -h db -p 5432 -U postgres -d orders -f <file>');
    expect(ran.stderr).toContain('jit --config "./my jit.yaml" doctor prod-db');
    expect(ran.stderr).toContain('jit --config "./my jit.yaml" elevate prod-db:read --for 10m');
  });

  it.each(['<target>', '--host', '--database', '--role'])(
    'names %s when it is missing and nobody can be asked',
    async (flag) => {
      const argv = {
        '<target>': ['prod-db'],
        '--host': ['--host', 'db'],
        '--database': ['--database', 'o'],
        '--role': ['--role', 'r=g'],
      };
      const rest = Object.entries(argv).flatMap(([name, words]) => (name === flag ? [] : words));
      const ran = await init(['init', ...rest, '--json']);
      expect(ran.code).toBe(2);
      expect(jsonError(ran)).toMatchObject({
        code: 'ERR_INPUT_NEEDED',
        message: `"jit init" needs "${flag}"`,
      });
      expect(ran.requests).toEqual([]);
    },
  );

  it.each(['read', 'read=', '=orders', 'read=a,,b', ' = '])('refuses the role "%s"', async (role) => {
    const ran = await init(['init', 'x', '--host', 'h', '--database', 'd', '--role', role]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('name=group');
  });

  it('refuses a role that is named twice', async () => {
    const ran = await init([...flags, '--role', 'read=other']);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('names "read" twice');
  });

  it('replaces a configuration only with --force', async () => {
    const ran = await init(flags, { exists: () => true });
    expect([ran.code, ran.requests]).toEqual([1, []]);
    expect(ran.stderr).toContain('--force');
    const forced = await init([...flags, '--force'], { exists: () => true });
    expect(forced.requests[0]).toMatchObject({ force: true });
  });
});
