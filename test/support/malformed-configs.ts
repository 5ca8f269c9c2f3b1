// Configurations that are wrong, with the place and the words that the message has to have. `$HOST`, `$PORT`,
// `$SECRET` and `$ME` stand for those of a real server, so that a fault that is overlooked would really issue.

/** Stands in many configurations where a careless hand could put it; must turn up nowhere. */
export const planted = 'hunter2-Tr0ub4dor';

/** Marks the place that the message has to name; not part of the text. */
export const mark = '▶';

/** One fault: what it is, the text with the mark, what the message says. */
type MalformedConfig = readonly [what: string, text: string, message: string];

const server = [
  'provider: postgres',
  'host: $HOST',
  'port: $PORT',
  'database: orders',
  'user: jit_broker',
  'password: $SECRET',
  'roles: { read: { groups: [app_ro] }, write: { groups: [app_rw], scopes: { eu: { groups: [app_rw] } } } }',
];
const rule = [
  'name: developers',
  'who: [$ME]',
  'roles: ["orders-db:read", "orders-db:write"]',
  'max_duration: 1h',
];

/** The lines with those of the same key replaced, and the new ones added. */
function changed(lines: readonly string[], changes: readonly string[]): string[] {
  const keyOf = (line: string) => line.replace(mark, '').split(':')[0];
  const kept = lines.map((line) => changes.find((change) => keyOf(change) === keyOf(line)) ?? line);
  return [...kept, ...changes.filter((change) => !kept.includes(change))];
}

interface Parts {
  readonly target?: readonly string[];
  readonly rule?: readonly string[];
  readonly top?: string;
}

/** A whole configuration, good but for the parts that are given. */
export function config(parts: Parts = {}): string {
  const target = changed(server, parts.target ?? []).map((line) => `    ${line}\n`);
  const entitlement = changed(rule, parts.rule ?? []).join('\n    ');
  return `version: 1\ntargets:\n  orders-db:\n${target.join('')}entitlements:\n  - ${entitlement}\n${parts.top ?? ''}`;
}

const target = (...lines: string[]) => config({ target: lines });
const entitlement = (...lines: string[]) => config({ rule: lines });
const top = (text: string) => config({ top: text });
const good = config();

/** Faults of YAML. */
const yaml: readonly MalformedConfig[] = [
  ['an empty file', mark, 'found an empty file'],
  ['comments only', `${mark}# nothing\n`, 'expected a mapping'],
  ['a bare password', `${mark}${planted}\n`, 'expected a mapping, found a text'],
  ['a list at the top', `${mark}- a\n`, 'expected a mapping, found a list'],
  ['a tab as indentation', `version: 1\ntargets:\n${mark}\torders-db: ${planted}\n`, 'found a tab'],
  ['a quote left open', `version: 1\ntargets: "${planted}${mark}`, 'not closed'],
  ['a bracket left open', `${good}groups: { a: [${planted}${mark}`, 'bracket'],
  ['a key without its colon', `${good}${mark}password ${planted}\ngroups: {}\n`, 'colon'],
  ['a second document', `${good}${mark}---\npassword: ${planted}\n`, 'one document'],
  ['an alias', `${good}groups: ${mark}*secret\n`, 'aliases'],
  ['an anchor', `${good}groups: &a ${mark}{}\n`, 'anchors'],
  ['a tag that reads the environment', `${good}groups: ${mark}!env ${planted}\n`, 'tags'],
  ['a merge key', `${good}${mark}<<: { password: ${planted} }\n`, 'merge'],
  ['a control character', `${good}# ${mark}\u0007${planted}\n`, 'control character'],
  ['the same key twice', `${good}${mark}version: 1\n`, 'twice'],
  [
    'the password twice',
    target('password: env:A').replace('    roles:', `    ${mark}password: ${planted}\n    roles:`),
    'twice',
  ],
  ['a key of every object', `${good}groups: { ${mark}__proto__: [${planted}] }\n`, 'name as key'],
  [
    'a list in a list in a list',
    `${good}policies: ${'['.repeat(32)}${mark}${'['.repeat(8)}${']'.repeat(40)}
`,
    'nested too deeply',
  ],
];

/** Secrets where they must not be. */
const secrets: readonly MalformedConfig[] = [
  ['a literal password', target(`password: ${mark}${planted}`), 'never the secret itself'],
  ['a password in quotes', target(`password: ${mark}"${planted}"`), 'never the secret itself'],
  ['a password in a list', target(`password: ${mark}[${planted}]`), 'found a list'],
  ['a URL with a password as reference', target(`password: ${mark}postgres://u:${planted}@h/d`), 'reference'],
  ['a reference of no known kind', target(`password: ${mark}vault:${planted}`), 'expected'],
  ['a URL of its own key', target(`${mark}url: postgres://u:${planted}@h/d`), 'unknown key "url"'],
  ['a password under another name', target(`${mark}passwd: ${planted}`), 'unknown key "passwd"'],
  ['a password at the top', top(`${mark}password: ${planted}\n`), 'unknown key "password"'],
  ['a password as a key', top(`${mark}"${planted} x": 1\n`), 'unknown key: expected'],
  [
    'a password in a role',
    target(`roles: { read: { groups: [app_ro], ${mark}password: ${planted} } }`),
    'unknown key',
  ],
  ['a password in a rule', entitlement(`${mark}token: ${planted}`), 'unknown key "token"'],
  ['a password as the port', target(`port: ${mark}${planted}`), 'expected a number, found a text'],
  ['a password as the TLS mode', target(`sslmode: ${mark}${planted}`), 'found a text'],
  [
    'a password as the database, too long',
    target(`database: ${mark}${planted}${'x'.repeat(64)}`),
    '1 to 63 bytes',
  ],
];

/** Values that are wrong. */
const values: readonly MalformedConfig[] = [
  ['another version', good.replace('version: 1', `version: ${mark}2`), 'expected 1, found 2'],
  ['no entitlements', `${mark}${good.slice(0, good.indexOf('entitlements'))}`, 'missing key "entitlements"'],
  ['a mistyped key at the top', top(`${mark}grops: {}\n`), 'did you mean "groups"?'],
  ['a target in capitals', good.replace('  orders-db:\n', `  ${mark}Orders-DB:\n`), 'expected a name'],
  ['a target that climbs', good.replace('  orders-db:\n', `  ${mark}"../etc":\n`), 'expected a name'],
  ['an unknown provider', target(`provider: ${mark}postgress`), 'did you mean "postgres"?'],
  ['a mistyped key of the provider', target(`${mark}hots: here`), 'did you mean "host"?'],
  ['a port too high', target(`port: ${mark}70000`), 'at most 65535'],
  ['a host with a line break', target(`host: ${mark}"a\\nb"`), 'a host name'],
  [
    'a URL with a password as host',
    target(`host: ${mark}"postgres://u:${planted}@db/orders"`),
    'a host name',
  ],
  ['roles without a role', target(`roles: ${mark}{}`), 'at least one role'],
  ['a role without groups', target(`roles: { read: { groups: ${mark}[] } }`), 'at least one group'],
  [
    'the rights of a superuser',
    target('roles: { read: { groups: [pg_execute_server_program] } }').replace(
      '  orders-db:\n',
      `  ${mark}orders-db:\n`,
    ),
    'no revocation can take back',
  ],
  ['a duration without unit', entitlement(`max_duration: ${mark}30`), 'expected a text, found 30'],
  ['a zero duration', entitlement(`max_duration: ${mark}0m`), 'expected a duration'],
  ['a negative duration', entitlement(`max_duration: ${mark}-5m`), 'expected a duration'],
  ['an absurd duration', entitlement(`max_duration: ${mark}99999d`), 'expected a duration'],
  ['a default above the maximum', entitlement(`default_duration: ${mark}2h`), 'at most max_duration'],
  ['nobody', entitlement(`who: ${mark}[]`), 'at least one'],
  ['a bare user name', entitlement(`who: [${mark}alice]`), 'expected everyone'],
  [
    'an unknown group',
    `${entitlement(`who: [${mark}"group:devlopers"]`)}groups: { developers: [$ME] }\n`,
    'did you mean "developers"?',
  ],
  ['an unknown role', entitlement(`roles: [${mark}"orders-db:raed"]`), 'did you mean "read"?'],
  ['an unknown scope', entitlement(`scopes: [${mark}us]`), 'expected one of eu'],
  ['a pattern that is none', entitlement(`reason: { pattern: ${mark}"(" }`), 'regular expression'],
  ['a pattern that never ends', entitlement(`reason: { pattern: ${mark}"^(a+)+$" }`), 'repeated'],
  ['a condition of no sense', entitlement(`when: ${mark}context.hour == "x"`), 'Long and String'],
  [
    'a condition that ends the policy',
    entitlement(`when: '${mark}true }; permit(principal, action, resource) when { true'`),
    'one expression',
  ],
  ['an unknown time zone', entitlement(`timezone: ${mark}Mars/Olympus`), 'time zone'],
  ['a group in a circle', top(`groups: { a: ["group:b"], b: [${mark}"group:a"] }\n`), 'contains itself'],
  [
    'a policy file outside of the folder',
    top(`policies: [${mark}../x.cedar]\n`),
    '.cedar file in the folder',
  ],
  [
    'a policy file that is not there',
    top(`policies: [${mark}x.cedar]\n`),
    'cannot be read: there is no such file',
  ],
];

/** Every fault. */
export const malformedConfigs: readonly MalformedConfig[] = [...yaml, ...secrets, ...values];
