import { describe, expect, test } from 'vitest';
import { hasCode, JitError } from '../../src/core/errors.ts';
import { createPolicy } from '../../src/policy/decide.ts';
import { positionIn } from '../../src/policy/problem.ts';
import { base, load } from './fixture.ts';

/** Stands in many of the texts below where a careless hand could put it; never in a message. */
const planted = 'hunter2-Tr0ub4dor';

/** Marks the place that a message has to name; not part of the text. */
const mark = '▶';

const good = 'entitlements:\n  - { name: dev, who: [everyone], roles: ["prod-db:read"], max_duration: 1h }\n';
const target = (inside: string) => `version: 1\ntargets:\n  box-1:\n${inside}\nentitlements: []\n`;
const rule = (inside: string) => `${base}entitlements:\n  - ${inside.replaceAll('\n', '\n    ')}\n`;
const whole = 'name: dev\nwho: [everyone]\nroles: ["prod-db:read"]\nmax_duration: 1h';

async function failure(text: string, files: Record<string, string> = {}): Promise<JitError> {
  try {
    await createPolicy(load(text, files));
  } catch (thrown) {
    if (thrown instanceof JitError) return thrown;
    throw thrown;
  }
  throw new Error('the config was taken');
}

const cases: readonly (readonly [what: string, text: string, message: string])[] = [
  ['an empty file', `${mark}`, 'empty file'],
  ['blanks only', `${mark}  \n\n`, 'empty file'],
  ['comments only', `${mark}# nothing\n`, 'a mapping'],
  ['a list at the top', `${mark}- a\n- b\n`, 'expected a mapping, found a list'],
  ['a bare text', `${mark}${planted}\n`, 'expected a mapping, found a text'],
  ['a control character', `version: 1\nx: ${mark}\u0001${planted}\n`, 'control character'],
  ['a tab as indentation', `version: 1\ntargets:\n${mark}\tbox: ${planted}\n`, 'found a tab'],
  ['a key twice', `version: 1\n${mark}version: 1\n${good}`, 'twice'],
  ['a nested key twice', target(`    password: env:A\n    ${mark}password: ${planted}`), 'twice'],
  ['a quote left open', `version: 1\ntargets: "${planted}${mark}`, 'not closed'],
  ['a bracket left open', `version: 1\nentitlements: [{ name: ${planted}${mark}`, 'bracket'],
  ['a second document', `version: 1\n${mark}---\npassword: ${planted}\n`, 'one document'],
  ['a missing colon', `version: 1\n${mark}password ${planted}\ntargets: {}\n`, 'a colon'],
  ['a reserved character', `version: 1\ntargets: ${mark}@${planted}\n`, 'quotes'],
  ['an unknown escape', `version: 1\ntargets: "${mark}\\q${planted}"\n`, 'escape'],
  ['a custom tag', `version: 1\ntargets: ${mark}!env ${planted}\n`, 'tags'],
  ['a standard tag', `version: 1\n${good}targets: !!map ${mark}{}\n`, 'tags'],
  ['an anchor', `version: 1\n${good}targets: &a ${mark}{}\n`, 'anchors'],
  ['an alias', `version: 1\nx: ${mark}*a\n`, 'aliases'],
  ['a merge key', `version: 1\n${mark}<<: { password: ${planted} }\n`, 'merge'],
  ['a list as key', `version: 1\n? ${mark}[${planted}]\n: 1\n`, 'name as key'],
  ['a number as key', `version: 1\n${mark}1: ${planted}\n`, 'name as key'],
  [
    'a key of every object',
    `version: 1\ntargets:\n  ${mark}__proto__: { password: ${planted} }\n`,
    'name as key',
  ],
  ['a target called constructor', `version: 1\ntargets:\n  ${mark}constructor: {}\n`, 'name as key'],
  ['another version of YAML', `${mark}%YAML 1.1\n---\nversion: 1\n`, 'directives'],
  ['no version', `${mark}targets: {}\nentitlements: []\n`, 'missing key "version"'],
  ['another version', `version: ${mark}2\ntargets: {}\nentitlements: []\n`, 'expected 1, found 2'],
  ['a version in quotes', `version: ${mark}"1"\ntargets: {}\nentitlements: []\n`, 'expected 1, found "1"'],
  ['no entitlements', `${mark}${base}`, 'missing key "entitlements"'],
  [
    'targets as a list',
    `version: 1\ntargets: ${mark}[]\nentitlements: []\n`,
    'expected a mapping, found a list',
  ],
  [
    'targets as nothing',
    `version: 1\n${mark}targets:\nentitlements: []\n`,
    'expected a mapping, found nothing',
  ],
  [
    'a mistyped key at the top',
    `version: 1\ntargets: {}\n${mark}entitlement: []\n`,
    'did you mean "entitlements"?',
  ],
  ['a secret at the top', `${base}${good}${mark}password: ${planted}\n`, 'unknown key "password"'],
  [
    'a key that is a secret',
    `${base}${good}${mark}"${planted} x": 1\n`,
    'unknown key: expected one of version',
  ],
  ['a name in capitals', `version: 1\ntargets:\n  ${mark}Prod: {}\nentitlements: []\n`, 'expected a name'],
  ['a name with a colon', `version: 1\ntargets:\n  ${mark}"a:b": {}\nentitlements: []\n`, 'expected a name'],
  ['a name too long', `${base}  ${mark}${'a'.repeat(41)}: []\n${good}`, 'expected a name'],
  ['no provider', target(`    ${mark}host: ${planted}`), 'missing key "provider"'],
  ['an unknown provider', target(`    provider: ${mark}bxo`), 'did you mean "box"?'],
  [
    'a missing key of the provider',
    target(`    ${mark}provider: box\n    roles: { r: { rights: [] } }`),
    '"host"',
  ],
  [
    'a key of the provider mistyped',
    target(`    provider: box\n    ${mark}hots: ${planted}`),
    'did you mean "host"?',
  ],
  [
    'a literal password',
    target(`    provider: box\n    password: ${mark}${planted}`),
    'never the secret itself',
  ],
  ['a password as a number', target(`    provider: box\n    password: ${mark}18446744`), 'found a number'],
  ['a password as a list', target(`    provider: box\n    password: ${mark}[${planted}]`), 'found a list'],
  [
    'a password in a URL',
    target(`    provider: box\n    password: ${mark}pg://u:${planted}@h/d`),
    'reference',
  ],
  ['password_plain', target(`    provider: box\n    ${mark}password_plain: ${planted}`), 'unknown key'],
  [
    'a secret as a port',
    target(`    provider: box\n    port: ${mark}${planted}`),
    'expected a number, found a text',
  ],
  ['a port too high', target(`    provider: box\n    port: ${mark}70000`), 'at most 65535'],
  ['a provider that quotes', target('    provider: box\n    nickname: ▶forbidden-nick'), '[redacted]'],
  ['an unknown risk', target(`    provider: box\n    risk: ${mark}hihg`), 'did you mean "high"?'],
  ['no roles', target(`    ${mark}provider: box\n    host: h`), 'missing key "roles"'],
  ['roles without a role', target(`    provider: box\n    roles: ${mark}{}`), 'at least one role'],
  [
    'what the provider refuses',
    target('    provider: box').replace(
      '  box-1:\n',
      `  ${mark}box-1:\n    host: nowhere\n    roles: { r: { rights: [] } }\n`,
    ),
    'the host cannot be reached',
  ],
  [
    'a duration without unit',
    target(`    provider: box\n    max_duration: ${mark}30`),
    'expected a text, found 30',
  ],
  ['a zero duration', rule(whole.replace('1h', `${mark}0m`)), 'expected a duration'],
  ['an absurd duration', rule(whole.replace('1h', `${mark}9999d`)), 'expected a duration'],
  ['no maximum', rule(`${mark}name: dev\nwho: [everyone]\nroles: ["prod-db:read"]`), '"max_duration"'],
  [
    'a default above the maximum',
    rule(`${whole}\ndefault_duration: ${mark}2h`),
    'at most max_duration (1h), found 2h',
  ],
  ['nobody', rule(whole.replace('[everyone]', `${mark}[]`)), 'at least one'],
  ['who as a text', rule(whole.replace('[everyone]', `${mark}everyone`)), 'expected a list, found a text'],
  ['a bare user name', rule(whole.replace('everyone', `${mark}alice`)), 'expected everyone, user:<name>'],
  [
    'an unknown group',
    rule(whole.replace('everyone', `${mark}group:develpers`)),
    'did you mean "developers"?',
  ],
  ['a role without target', rule(whole.replace('"prod-db:read"', `${mark}read`)), '<target>:<role>'],
  ['an unknown target', rule(whole.replace('"prod-db:', `${mark}"prod-bd:`)), 'did you mean "prod-db"?'],
  ['an unknown role', rule(whole.replace('"prod-db:read"', `${mark}"prod-db:raed"`)), 'did you mean "read"?'],
  ['an unknown scope', rule(`${whole.replace('read', 'write')}\nscopes: [${mark}ue]`), 'did you mean "eu"?'],
  ['a scope of no role', rule(`${whole}\nscopes: [${mark}eu]`), 'unknown scope "eu"'],
  [
    'a second rule of a name',
    `${rule(whole)}  - { name: ${mark}dev, who: [everyone], roles: ["*:*"], max_duration: 1h }\n`,
    'a second entitlement "dev"',
  ],
  ['a broken pattern', rule(`${whole}\nreason: { pattern: ${mark}"(" }`), 'a regular expression'],
  ['a pattern without end', rule(`${whole}\nreason: { pattern: ${mark}"^(a+)+$" }`), 'repeated group'],
  ['a back reference', rule(`${whole}\nreason: { ticket: ${mark}"(a)\\\\1" }`), 'back references'],
  ['an unknown zone', rule(`${whole}\ntimezone: ${mark}Europe/Wien`), 'time zone'],
  ['an offset as zone', rule(`${whole}\ntimezone: ${mark}"+02:00"`), 'time zone'],
  ['no approvals', rule(`${whole}\napprovals: { count: ${mark}0, from: [group:leads] }`), 'at least 1'],
  ['too few approvers', rule(`${whole}\napprovals: { count: ${mark}3, from: [group:leads] }`), 'at most 2'],
  [
    'a job that approves',
    rule(`${whole}\napprovals: { count: 1, from: [${mark}job:ci] }`),
    'user:<name> or group:',
  ],
  ['on_restart mistyped', rule(`${whole}\non_restart: ${mark}resum`), 'did you mean "resume"?'],
  ['a mistyped key of a rule', rule(`${whole}\n${mark}aprovals: {}`), 'did you mean "approvals"?'],
  [
    'a group in a circle',
    `${base}  a: [group:b]\n  b: [${mark}group:a]\n${good}`,
    'contains itself: a -> b -> a',
  ],
  ['a group in itself', `${base}  a: [${mark}group:a]\n${good}`, 'contains itself: a -> a'],
  ['a member twice', `${base}  a: [user:x, ${mark}user:x]\n${good}`, 'twice'],
  ['a policy file outside', `${base}policies: [${mark}../x.cedar]\n${good}`, '.cedar file in the folder'],
  ['an absolute policy file', `${base}policies: [${mark}/etc/x.cedar]\n${good}`, '.cedar file in the folder'],
  ['a policy file missing', `${base}policies: [${mark}x.cedar]\n${good}`, 'cannot be read: it is not there'],
  ['a condition cut short', rule(`${whole}\nwhen: 'context.hour >${mark}'`), 'not complete'],
  ['a condition mistyped', rule(`${whole}\nwhen: 'true && ${mark}context.houx > 1'`), 'did you mean `hour`?'],
  ['a condition of a wrong type', rule(`${whole}\nwhen: ${mark}context.hour == "x"`), 'Long and String'],
  ['a condition that is a number', rule(`${whole}\nwhen: ${mark}context.hour`), 'expected Bool'],
  [
    'a fault in a block',
    rule(`${whole}\nwhen: |\n  context.ci &&\n  ${mark}context.cj`),
    'did you mean `ci`?',
  ],
  [
    'a fault behind wide characters',
    rule(`${whole}\nwhen: |\n  context.ci &&\n    "ä€😀" == context.reason && ${mark}context.cj`),
    'did you mean `ci`?',
  ],
  ['two conditions in one', rule(`${whole}\nwhen: '${mark}true } when { true'`), 'one expression'],
  [
    'a condition that ends the policy',
    rule(`${whole}\nwhen: '${mark}true }; permit(principal, action, resource) when { true'`),
    'one expression',
  ],
  [
    'a condition nested too deep',
    rule(`${whole}\nwhen: '${mark}${'('.repeat(200)}true${')'.repeat(200)}'`),
    'deeply',
  ],
  ['an empty condition', rule(`${whole}\nwhen: ${mark}""`), 'a Cedar expression'],
];

describe('a malformed config', () => {
  test.each(cases)('with %s is refused, naming the place', async (_what, marked, message) => {
    const text = marked.replace(mark, '');
    const { line, column } = positionIn(text, marked.indexOf(mark));
    const error = await failure(text);
    expect(error.code).toBe('ERR_CONFIG');
    expect(error.message).toContain(`jit.yaml:${line}:${column}: `);
    const told = error.message.split('\n').filter((one) => one.startsWith(`jit.yaml:${line}:${column}: `));
    expect(told.join('\n')).toContain(message);
    expect(`${error.message} ${error.hint} ${JSON.stringify(error)}`).not.toContain(planted);
  });

  test('is refused in at least forty ways', () => {
    expect(cases.length).toBeGreaterThanOrEqual(40);
  });

  test('that is too large is refused without being read', async () => {
    const error = await failure(`# ${'x'.repeat(1024 * 1024)}`);
    expect(error.message).toContain('jit.yaml:1:1: expected at most 1 MiB');
  });

  test.each([
    ['UTF-16', Buffer.from('\uFEFFversion: 1', 'utf16le'), '1:1'],
    ['Latin 1', Buffer.from('version: 1\nx: \xe4', 'latin1'), '2:4'],
  ])('in %s is refused at the first odd byte', (_name, bytes, place) => {
    expect(() => load(bytes)).toThrow(
      expect.toSatisfy(
        (thrown) => hasCode(thrown, 'ERR_CONFIG') && thrown.message.includes(`jit.yaml:${place}: `),
      ),
    );
  });

  test('nested ten thousand deep is refused, not a crash', async () => {
    for (const text of ['['.repeat(10_000), `a: ${'{a: '.repeat(10_000)}`, '- '.repeat(10_000)]) {
      expect((await failure(text)).code).toBe('ERR_CONFIG');
    }
  });

  test('made of aliases that would multiply is refused at once', async () => {
    const lines = ['a0: &a0 [x, x]'];
    for (let index = 1; index < 30; index += 1)
      lines.push(`a${index}: &a${index} [*a${index - 1}, *a${index - 1}]`);
    expect((await failure(lines.join('\n'))).message).toContain('aliases are not taken here');
  });

  test('is told whole: every problem on a line of its own, in order, at most ten', async () => {
    const two = await failure(`version: 2\ntargets: {}\nentitlements: [{ name: A }]\n`);
    expect(two.message.split('\n').map((one) => one.split(':')[1])).toEqual(['1', '3', '3', '3', '3']);
    const many = await failure(
      `version: 1\ntargets: {}\nentitlements: []\n${Array.from({ length: 30 }, (_, n) => `x${n}: 1`).join('\n')}`,
    );
    expect(many.message.split('\n')).toHaveLength(11);
    expect(many.message).toContain('and 20 more');
  });

  test('tells the problems of names together with those of shape', async () => {
    const text = rule(`${whole.replace('prod-db', 'prod-bd')}\nrisk: high`);
    const { message } = await failure(text);
    expect(message).toContain('did you mean "prod-db"?');
    expect(message).toContain('unknown key "risk"');
  });
});
