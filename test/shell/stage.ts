// A scene on a terminal: an outer bash as the user would have it, and the session started from it.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { quotePosix } from '../../src/shell/quote.ts';
import { openTerminal, type Terminal } from '../support/tmux.ts';
import { type Described, makeScene, type Scene } from './scene.ts';

/** What a test on a terminal works with; fresh for each test. */
export interface Stage {
  readonly scene: Scene;
  /** Starts the session in an outer bash without files of a user; `exit=<code>` is printed when it has ended. */
  start(described: Described, env?: Readonly<Record<string, string>>): Promise<Terminal>;
}

/** Call it once per test file: each test then gets its own scene, and nothing of it outlives the test. */
export function useStage(): Stage {
  let scene: Scene;
  let terminal: Terminal | null = null;
  beforeEach(() => {
    scene = makeScene();
  });
  afterEach(async () => {
    await terminal?.close();
    terminal = null;
    await scene.remove();
  });
  return {
    get scene() {
      return scene;
    },
    async start(described, env = {}) {
      const command = scene.describe(described).map(quotePosix).join(' ');
      writeFileSync(path.join(scene.folder, 'jit'), `#!/bin/sh\nexec ${command}\n`, { mode: 0o755 });
      terminal = await openTerminal({
        command: ['bash', '--norc', '--noprofile', '-i'],
        env: scene.environment({ PS1: 'outer$ ', ...env }),
        cwd: scene.folder,
      });
      await terminal.waitFor(/outer\$ $/m);
      await terminal.line('./jit; echo exit=$?');
      return terminal;
    },
  };
}
