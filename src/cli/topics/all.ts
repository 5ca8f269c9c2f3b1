// All topics, in the order that `jit help` shows them.

import { durationsTopic } from './durations.ts';
import { environmentTopic } from './environment.ts';
import { exitCodesTopic } from './exit-codes.ts';
import { filesTopic } from './files.ts';
import { promptTopic } from './prompt.ts';
import { scriptingTopic } from './scripting.ts';
import type { Topic } from './topic.ts';

export const topics: readonly Topic[] = [
  environmentTopic,
  promptTopic,
  durationsTopic,
  filesTopic,
  scriptingTopic,
  exitCodesTopic,
];
