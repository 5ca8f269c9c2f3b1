// Command lines that are wrong, with what the message has to say. The target is `orders-db`, with `read` and `write`.

import { planted } from './malformed-configs.ts';

/** One fault: what it is, the arguments, what the message says, the exit code (2 when not given). */
type MalformedLine = readonly [what: string, args: readonly string[], message: string, exitCode?: number];

const elevate = (...args: string[]) => ['elevate', ...args];
const lasting = (text: string) => ['elevate', 'orders-db:read', '--for', text];
const named = (text: string) => ['elevate', text, '--for', '1m'];
const long = 'x'.repeat(5000);

const durations: readonly MalformedLine[] = [
  ['a duration of nothing', lasting('0'), '"0" has no unit'],
  ['a duration of zero minutes', lasting('0m'), 'it is zero'],
  ['a duration below zero', lasting('-1'), 'it has a sign'],
  ['a duration below zero minutes', ['elevate', 'orders-db:read', '--for=-5m'], 'it has a sign'],
  ['a duration with an exponent', lasting('1e9'), 'unknown unit'],
  ['a duration that is no number', lasting('NaN'), 'is not a duration'],
  ['a duration without end', lasting('Infinity'), 'is not a duration'],
  ['a duration with a command in it', lasting('1h; rm'), 'is not a duration'],
  ['an empty duration', lasting(''), 'option "--for" is empty'],
  ['a duration without unit', lasting('30'), 'write 30m or 30s'],
  ['a duration of centuries', lasting('99999d'), 'longer than 366 days'],
  ['a duration beyond all numbers', lasting(`${'9'.repeat(90)}d`), 'longer than 366 days'],
  ['a duration in other digits', lasting('٣٠m'), 'is not a duration'],
  ['a duration in wide digits', lasting('３０m'), 'is not a duration'],
  ['a duration with a line break in it', lasting('1\n0m'), 'is not a duration'],
  ['a duration with its units the wrong way round', lasting('30m1h'), 'from large to small'],
  ['a duration of ISO 8601 cut short', lasting('PT'), 'malformed ISO 8601'],
  ['a duration that steers the terminal', lasting('1d\u001b[2J'), '\\u001b[2J'],
  ['a duration of five thousand letters', lasting(long), '"--for" takes at most 4000 characters'],
  ['a duration above the policy', lasting('100h'), 'is longer than the 1h', 3],
];

const names: readonly MalformedLine[] = [
  ['a target that climbs', named('../x'), 'no target is named "../x"'],
  ['a target of five thousand letters', named(long), '<target> takes at most 401 characters, found 5000'],
  ['a target with a letter of another alphabet', named('оrders-db:read'), 'did you mean "orders-db"?'],
  ['a target with a dot behind it', named('orders-db.:read'), 'did you mean "orders-db"?'],
  ['a target in capitals', named('ORDERS-DB:read'), 'did you mean "orders-db"?'],
  ['a target that is a command', named('$(touch x)'), 'no target is named "$(touch x)"'],
  ['a target of quotes', named('"\'`'), 'no target is named'],
  ['a target with a line break', named('a\nb'), '"a\\nb"'],
  ['a target of every object', named('__proto__:read'), 'no target is named "__proto__"'],
  ['a target that is a pattern', named('*:read'), 'no target is named "*"'],
  ['a target of blanks', named('  '), 'argument <target> is empty'],
  ['a role that is not there', named('orders-db:admin'), 'known: read, write'],
  ['a role that is a pattern', named('orders-db:*'), 'known: read, write'],
  ['a role that steers the terminal', named('orders-db:read\u001b[31m'), 'read\\u{1b}[31m'],
  ['an empty role', named('orders-db:'), 'is not <target>:<role>'],
  ['nothing but a role', named(':read'), 'is not <target>:<role>'],
  ['several roles and none named', named('orders-db'), '"--role"'],
  ['two roles', elevate('orders-db:read', '--role', 'write'), 'two roles'],
  ['a scope that is not there', elevate('orders-db:write', '--scope', 'us', '--reason', 'tests'), 'scope'],
  ['a scope of a role that has none', elevate('orders-db:read', '--scope', '../eu'), 'there is none'],
];

const flags: readonly MalformedLine[] = [
  ['no target', elevate(), 'needs <target>'],
  ['a flag twice', elevate('orders-db:read', '--for', '1m', '--for', '2m'), 'is given twice'],
  ['a flag under two names', elevate('orders-db:read', '--for', '1m', '--duration', '2m'), 'is given twice'],
  ['a mistyped flag', elevate('orders-db:read', '--fro', '1m'), 'did you mean: --for'],
  ['an unknown letter', elevate('orders-db:read', '-z'), 'unknown option "-z"'],
  ['a flag without its value', elevate('orders-db:read', '--for'), 'option "--for" needs a value'],
  ['a flag for a value', elevate('orders-db:read', '--reason', '--keep'), 'option "--reason" needs a value'],
  ['a value for a flag', elevate('orders-db:read', '--keep=yes'), 'option "--keep" takes no value'],
  ['a word too many', elevate('orders-db:read', 'extra'), 'unexpected argument "extra"'],
  ['no command behind the dashes', elevate('orders-db:read', '--'), 'no command after "--"'],
  ['an empty command', elevate('orders-db:read', '--', ''), 'no command after "--"'],
  ['an unknown way to hand out', elevate('orders-db:read', '--export', 'nonsense'), 'one of: reference, url'],
  [
    'a reason of five thousand letters',
    elevate('orders-db:write', '--reason', long),
    '"--reason" takes at most 4000 characters',
  ],
  ['an empty reason', elevate('orders-db:write', '--reason', ' '), 'option "--reason" is empty'],
  [
    'a ticket of five thousand letters',
    elevate('orders-db:read', '--ticket', long),
    '"--ticket" takes at most 200 characters',
  ],
  ['an empty configuration', elevate('orders-db:read', '--config', ''), 'option "--config" is empty'],
  ['a password as a flag', elevate('orders-db:read', '--password', planted), 'unknown option "--password"'],
  ['a password in a flag', elevate('orders-db:read', `--password=${planted}`), 'unknown option "--password"'],
  ['a password behind a letter', elevate('orders-db:read', `-p${planted}`), 'unknown option "-p"'],
  ['a password behind a colon', elevate('orders-db:read', `--token:${planted}`), 'unknown option "--token"'],
];

const others: readonly MalformedLine[] = [
  ['an unknown command', ['elevat'], 'did you mean: jit elevate'],
  ['an unknown command of a group', ['policy', 'chek'], 'did you mean: jit policy check'],
  ['a group alone', ['audit'], 'needs one of: log, tail'],
  ['dashes and no command of jit', ['--', 'true'], 'needs "jit elevate"'],
  ['a command for status', ['status', '--', 'true'], 'unexpected argument "true"'],
  ['a grant and all grants', ['revoke', 'g1', '--all'], 'not both'],
  ['no grant to revoke', ['revoke'], 'needs <grant>'],
  ['a grant that is not there', ['revoke', 'gnone'], '"gnone" is no grant of yours'],
  ['a grant that is SQL', ['revoke', "'; DROP TABLE grants; --"], 'is no grant of yours'],
  ['a grant that is a pattern', ['revoke', '%'], 'is no grant of yours'],
  ['a grant of five thousand letters', ['revoke', long], '<grant> takes at most 200 characters'],
  ['no length to extend by', ['extend', 'gnone'], '"--for"'],
  ['a grant to extend that is not there', ['extend', '$(id)', '--for', '1h'], 'is no grant of yours'],
  ['an unknown time', ['audit', 'log', '--since', 'yesterday'], 'is not a point in time'],
  ['an hour that is not there', ['audit', 'log', '--since', '25:00'], 'is not a point in time'],
  ['a day that is not there', ['audit', 'log', '--until', '2026-02-31'], 'is not a point in time'],
  ['a limit of nothing', ['audit', 'log', '--limit', '0'], 'whole number from 1 to'],
  ['a limit beyond the limit', ['audit', 'log', '--limit', '10001'], 'whole number from 1 to'],
  ['a limit with an exponent', ['audit', 'log', '--limit', '1e3'], 'whole number from 1 to'],
  [
    'a grant to filter by of five thousand letters',
    ['audit', 'log', '--grant', long],
    '"--grant" takes at most 200 characters',
  ],
  ['a principal that is none', ['audit', 'log', '--principal', 'alice'], 'is not a principal'],
  [
    'somebody who is nobody',
    ['policy', 'explain', 'orders-db:read', '--as', 'x\u001b[1m'],
    'is not a principal',
  ],
  ['an unknown target to explain', ['policy', 'explain', 'nope'], 'no target is named "nope"'],
  ['cases that are not there', ['policy', 'test', '/nonexistent.yaml'], 'cannot be read'],
  ['a target to look at that is not there', ['doctor', '$(id)'], 'no target is named'],
  ['help for what is not there', ['help', 'nope'], 'no help for "nope"'],
  [
    'a role without groups',
    ['init', 'x', '--config', 'new.yaml', '--host', 'h', '--database', 'd', '--role', 'read'],
    'is not name=group',
  ],
  ['a port that is none', ['init', 'x', '--port', '0'], 'whole number from 1 to 65535'],
  ['a shell for the demo and no terminal', ['demo', '--shell'], 'needs a terminal'],
];

/** Every fault. */
export const malformedLines = [...durations, ...names, ...flags, ...others].map(
  ([what, args, message, exitCode = 2]) => [what, args, message, exitCode] as const,
);
