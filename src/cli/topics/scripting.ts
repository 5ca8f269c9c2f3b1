// Using jit from scripts and CI jobs: what is promised about output, questions and exit codes.

import type { Topic } from './topic.ts';

export const scriptingTopic: Topic = {
  name: 'scripting',
  summary: 'use in scripts: --json, exit codes, no questions',
  title: 'Scripts',
  parts: [
    {
      title: 'Promises',
      rows: [
        ['stdout', 'the result and nothing else; all the rest goes to stderr'],
        ['--json', 'one document with "schema": 1; names are snake_case, times RFC 3339 in UTC, lengths _ms'],
        [
          'failures',
          'with --json {"error":{"code":"ERR_…","message":"…","hint":"…"}} on stderr, and an empty stdout',
        ],
        ['exit codes', 'a closed table: jit help exit-codes'],
        [
          'questions',
          'never without a terminal, in CI or with --no-input: what is missing is named, exit code 2',
        ],
        ['--yes', 'no confirmation for targets of high risk'],
        ['--quiet', 'no progress and no summary; errors and warnings stay'],
      ],
    },
    {
      title: 'Usual lines',
      rows: [
        [
          'jit elevate prod-db:read --for 10m -- ./report.sh',
          'one command, its exit code, and the access ends with it',
        ],
        ['jit elevate prod-db:read --keep --json', 'a grant for several commands; "jit revoke" ends it'],
        ['eval "$(jit env prod-db:read --format sh)"', 'the same as variables of this shell'],
        ['jit status --json', 'what is active, and what is overdue'],
      ],
    },
    'The reader of a pipe may leave early (jit audit log | head): that is no failure, and what was granted only for the output is taken back. docs/ci.md has whole examples for CI systems.',
  ],
};
