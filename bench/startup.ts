// What `jit status` costs as a whole process with a warm broker, beside an empty script on the same Node.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Scene } from '../src/demo/scene.ts';
import { type Comparison, compare } from './measure.ts';

/** Milliseconds, medians of 40. */
export function benchStartup(scene: Scene, jit: string): Comparison {
  const empty = path.join(scene.folder, 'empty.cjs');
  writeFileSync(empty, '');
  return compare({ args: [jit, 'status'], env: scene.env }, { args: [empty], env: scene.env }, 40);
}
