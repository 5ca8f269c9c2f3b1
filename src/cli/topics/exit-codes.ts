// The exit codes of jit, from the table that the code itself uses.

import { exitCodes } from '../../core/errors.ts';
import type { Topic } from './topic.ts';

export const exitCodesTopic: Topic = {
  name: 'exit-codes',
  summary: 'what the exit codes mean',
  title: 'Exit codes',
  parts: [
    { rows: Object.entries(exitCodes) },
    'Otherwise the exit code of the command after "--" or of the shell; 128 + n when signal n ended it.',
  ],
};
