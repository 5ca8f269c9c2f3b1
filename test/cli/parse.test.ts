import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/cli/parse.ts';
import { registry } from '../../src/cli/registry.ts';
import { jit, jsonError } from './harness.ts';

const parse = (...argv: string[]) => parseCommandLine(registry, argv, Date.UTC(2026, 10, 22, 12));

/** Every line is something a person may type wrongly. */
const malformed: readonly (readonly [string, readonly string[], string])[] = [
  ['an unknown command', ['elevat', 'prod-db'], 'jit elevate'],
  ['an unknown command with options', ['elevat', 'prod-db', '--for', '30m'], 'jit elevate'],
  ['a group without its second word', ['policy'], 'jit policy check'],
  ['an unknown second word', ['audit', 'verfy'], 'jit audit verify'],
  ['an unknown option', ['status', '--bogus'], 'jit status --help'],
  ['an option with a typo', ['elevate', 'prod-db', '--resaon', 'x'], '--reason'],
  ['an unknown option of jit itself', ['--bogus'], 'jit help'],
  ['an unknown option of a group', ['policy', '--bogus'], 'jit'],
  [
    'an option of a command, before the second word of another',
    ['init', '--host', 'db', 'aws'],
    'jit init aws',
  ],
  ['an unknown short option', ['status', '-x'], 'jit status --help'],
  ['a principal that is none', ['policy', 'explain', 'prod-db', '--as', 'bob'], 'user:<name>'],
  ['a value for a flag', ['elevate', 'prod-db', '--keep=yes'], 'jit elevate --help'],
  ['a missing target', ['elevate'], 'jit targets'],
  ['an empty target', ['elevate', ''], 'jit elevate --help'],
  ['a target without role after the colon', ['elevate', 'prod-db:', '--', 'true'], 'jit targets'],
  ['a role without target before the colon', ['elevate', ':read', '--', 'true'], 'jit targets'],
  ['two different roles', ['elevate', 'prod-db:read', '--role', 'write', '--', 'true'], 'leave one out'],
  ['a word too many', ['elevate', 'prod-db', 'psql'], '-- psql'],
  ['a word that status does not take', ['status', 'prod-db'], 'jit status --help'],
  ['words after -- that status does not take', ['status', '--', 'prod-db'], 'jit status --help'],
  ['no command after --', ['elevate', 'prod-db', '--'], '-- psql'],
  ['an empty command after --', ['elevate', 'prod-db', '--', ''], '-- psql'],
  ['a command after -- without a command of jit', ['--', 'psql'], 'jit elevate'],
  ['a duration without unit', ['elevate', 'prod-db', '--for', '30'], '30m'],
  ['a negative duration', ['elevate', 'prod-db', '--for', '-5m'], '30m'],
  ['a duration of zero', ['elevate', 'prod-db', '--for', '0s'], '30m'],
  ['an absurd duration', ['elevate', 'prod-db', '--for', '99999d'], '30m'],
  ['a duration in words', ['elevate', 'prod-db', '--for', 'ever'], '30m'],
  ['an empty duration', ['elevate', 'prod-db', '--for', ''], 'jit elevate --help'],
  ['an option without its value', ['elevate', 'prod-db', '--for'], 'jit elevate --help'],
  [
    'an option that swallows the next',
    ['elevate', 'prod-db', '--reason', '--ticket', 'X'],
    '--reason=--ticket',
  ],
  ['an option given twice', ['elevate', 'prod-db', '--for', '1m', '--for', '2m'], 'jit elevate --help'],
  [
    'an option given by two names',
    ['elevate', 'prod-db', '--reason', 'a', '--justification', 'b'],
    'jit elevate --help',
  ],
  ['an empty reason', ['elevate', 'prod-db', '--reason', '  '], 'jit elevate --help'],
  ['an unknown kind of export', ['elevate', 'prod-db', '--export', 'file'], 'reference, url, env'],
  [
    'a credential to be printed',
    ['elevate', 'prod-db', '--keep', '--export', 'url'],
    '--export url -- command',
  ],
  ['a shell without a terminal', ['elevate', 'prod-db'], '-- command'],
  ['extend without a length', ['extend', 'g7f3k2'], 'jit extend --for 30m'],
  ['extend outside of a grant without one', ['extend', '--for', '30m'], 'jit status'],
  ['revoke without anything', ['revoke'], 'jit status'],
  ['revoke of one and of all', ['revoke', 'g7f3k2', '--all'], 'jit revoke --all'],
  ['a limit that is no number', ['audit', 'log', '--limit', 'many'], ''],
  ['a limit of zero', ['audit', 'log', '--limit', '0'], ''],
  ['a time that is none', ['audit', 'log', '--since', 'yesterday'], '14:30'],
  ['a day that is not in the calendar', ['audit', 'log', '--since', '2026-02-31'], '14:30'],
  ['policy test without a file', ['policy', 'test'], 'jit policy test --help'],
  ['help for nothing known', ['help', 'elevat'], 'jit help elevate'],
  ['a port out of range', ['init', 'prod-db', '--port', '70000'], ''],
  ['an unknown risk', ['init', 'prod-db', '--risk', 'hihg'], '--risk high'],
  ['an empty config', ['--config', '', 'status'], ''],
];

describe('malformed command lines', () => {
  it.each(malformed)('%s is refused with exit code 2, one line and a hint', async (_what, argv, hint) => {
    const ran = await jit(argv);
    expect(ran.code).toBe(2);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toMatch(/^jit: error: [^\n]+\n(jit: hint: [^\n]+\n)?$/);
    expect(ran.stderr).toContain(hint);
    expect(ran.stderr).not.toMatch(/\n\s+at /);
    expect(ran.client.calls).toEqual([]);
  });

  it('are told as JSON when --json is anywhere before --', async () => {
    const ran = await jit(['status', '--bogus', '--json']);
    expect(ran.code).toBe(2);
    expect(jsonError(ran)).toEqual({
      code: 'ERR_USAGE',
      message: 'unknown option "--bogus"',
      hint: 'jit status --help',
    });
  });

  it.each([
    [['psql', '-c', 'select 1'], 'put "--" before the command: jit elevate prod-db:read -- psql …'],
    [['psql', 'orders'], 'put "--" before the command: jit elevate … -- psql orders'],
    [['--bogus'], 'jit elevate --help'],
  ])('say where "--" belongs when it was forgotten: %j', async (words, hint) => {
    const ran = await jit(['elevate', 'prod-db:read', ...words, '--json']);
    expect(jsonError(ran)).toMatchObject({ code: 'ERR_USAGE', hint });
  });

  it('show what steers a terminal as text', async () => {
    const ran = await jit(['elevate', 'prod-db', '--for', '\u001b[2J5m']);
    expect(ran.code).toBe(2);
    expect(ran.stderr).not.toContain('\u001b');
  });
});

describe('parseCommandLine', () => {
  it('leaves every word after -- to the command, options of jit included', () => {
    const parsed = parse('elevate', 'prod-db', '--', 'jit', '--json', '--for', '1', '--help');
    expect(parsed.args).toEqual({ target: 'prod-db', command: ['jit', '--json', '--for', '1', '--help'] });
    expect([parsed.json, parsed.help]).toEqual([false, false]);
  });

  it('takes common options before and after the command, the nearer one winning', () => {
    expect(parse('--config', 'a.yaml', 'policy', 'check').common.config).toBe('a.yaml');
    expect(parse('policy', 'check', '--config', 'b.yaml').common.config).toBe('b.yaml');
    expect(parse('--config', 'a.yaml', 'status', '--config', 'b.yaml').common.config).toBe('b.yaml');
    expect(parse('--no-input', 'status').common['no-input']).toBe(true);
    expect(parse('status').common['no-input']).toBe(false);
  });

  it('reads values into their types, missing ones as null, false or empty', () => {
    const { options } = parse('elevate', 'prod-db', '--for', '1h30m', '--keep');
    expect(options).toEqual({
      role: null,
      scope: null,
      for: 5_400_000,
      reason: null,
      ticket: null,
      export: null,
      keep: true,
      yes: false,
      'dry-run': false,
      audience: null,
      'in-process': false,
      'on-end': null,
    });
    expect(parse('init', '--role', 'a=b', '--role', 'c=d').options.role).toEqual(['a=b', 'c=d']);
  });

  it('takes the other spellings of an option', () => {
    expect(parse('elevate', 'x', '--justification', 'why').options.reason).toBe('why');
    expect(parse('elevate', 'x', '--duration=30m').options.for).toBe(1_800_000);
    expect(parse('elevate', 'x', '-y').options.yes).toBe(true);
  });

  it('takes text that looks like an option when it is joined with =', () => {
    expect(parse('elevate', 'x', '--reason=--ticket').options.reason).toBe('--ticket');
  });

  it('prefers help over everything that is missing', () => {
    expect(parse('elevate', '--help').help).toBe(true);
    expect(parse('revoke', '-h').command?.name).toBe('revoke');
    expect(parse('policy', '--help').args).toEqual({ group: 'policy' });
  });
});
