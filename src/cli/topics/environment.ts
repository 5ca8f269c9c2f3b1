// Every variable that jit reads or sets. A test holds it against the names in the source: one that is meant for people is
// listed here, one between the parts of jit in `internalVariables`.

import type { Topic } from './topic.ts';

const read: readonly (readonly [string, string])[] = [
  ['JIT_CONFIG', 'the configuration, instead of ~/.config/jit/jit.yaml; --config wins'],
  ['JIT_STATE_DIR', 'an absolute path: state, log and socket lie in it, as for a job that shares its home'],
  ['JIT_REASON', 'the reason where --reason is not given'],
  ['JIT_PLAIN', '1: plain mode, as --plain: for screen readers'],
  [
    'JIT_BROKER',
    '"in-process" or "resident": where the broker runs; usually in-process in CI, else resident',
  ],
  ['JIT_ID_TOKEN', 'the identity token of a CI job; a secret, taken out of the environment of what runs'],
  ['JIT_AUDIENCE', 'what the identity token of a job at GitHub is asked for; --audience wins'],
  ['JIT_RUN_ID', 'the name that the steps of one job share, for "jit ci cleanup"'],
  ['JIT_PROMPT_INJECT', '0: the prompt hooks leave the prompt alone and only set JIT_PROMPT'],
];

const general: readonly (readonly [string, string])[] = [
  ['CI', 'anything but empty, "false" or "0": no questions, no animation, a broker inside of the command'],
  ['NO_COLOR', 'not empty: no colours; --color wins'],
  ['FORCE_COLOR', '"0" or "false": no colours; else colours everywhere; NO_COLOR wins'],
  ['TERM', '"dumb": no colours, no animation, questions as numbered lists'],
  ['LC_ALL, LC_CTYPE, LANG', 'the first that is set says whether signs beyond ASCII are shown (UTF-8)'],
  ['HOME', 'where files lie, unless the next four say otherwise: jit help files'],
  ['XDG_CONFIG_HOME', 'an absolute path: the configuration is in jit below it'],
  ['XDG_STATE_HOME', 'an absolute path: state and log are in jit below it'],
  ['XDG_DATA_HOME', 'an absolute path: signed heads of the log are in jit below it'],
  ['XDG_RUNTIME_DIR', 'an absolute path: the socket and the files of running grants are in jit below it'],
  ['TMPDIR, RUNNER_TEMP', 'where files lie when there is no home that can be used'],
  ['SHELL', 'the shell that is opened where the one that runs jit is not known'],
  ['BROWSER', 'what opens a page, for "jit console"'],
];

const set: readonly (readonly [string, string])[] = [
  ['JIT_GRANT_ID', 'the grant that the shell or command runs under'],
  ['JIT_TARGET, JIT_ROLE, JIT_RISK', 'its target, its role, and the risk of the target: low, medium or high'],
  ['JIT_GRANT_EXP', 'its end in seconds since 1970'],
  ['JIT_GRANT_STATE', 'active, until the prompt hook sees its end; then ended'],
  ['JIT_PROMPT', 'what the indicator shows, as plain text, for other prompts; set by the hooks'],
  ['JIT_STACK', 'the grants around it, outermost first: <grant>=<target>'],
  ['JIT_VARS', 'the names of all variables that grants have put there'],
  ['JIT_STATE_FILE', 'the file that prompts read grants from'],
  ['JIT_WARN, JIT_NOTIFY', 'when the hooks warn (seconds before the end), and how, from the configuration'],
  ['JIT_EXTEND', 'for how long "jit extend" lets it go on without --for; not set: policy allows no more'],
  ['JIT_TOKEN', 'the token, on targets whose credential is one; a secret'],
];

/** Between the parts of jit: no promise is made about them. */
export const internalVariables: readonly string[] = [
  'JIT_USE',
  'JIT_USE_PID',
  'JIT_DROP',
  'JIT_READY',
  'JIT_PARENT',
  'JIT_PARENT_GROUP',
  'JIT_GIVEN',
  'JIT_TAKEN',
  'JIT_NOW',
  'JIT_JOB',
  'JIT_USER_ZDOTDIR',
  'JIT_VERSION',
  'JIT_FAILPOINT',
  'JIT_FAILPOINTS',
];

export const environmentTopic: Topic = {
  name: 'environment',
  summary: 'every variable that jit reads or sets',
  title: 'Environment',
  parts: [
    { title: 'Read', rows: read },
    { title: 'Read as everywhere', rows: general },
    { title: 'Set in an elevated shell and for a command under a grant', rows: set },
    'What reaches the target is set besides, as PGSERVICEFILE or AWS_CONFIG_FILE: "jit env" prints it. An option wins over its variable.',
  ],
};
