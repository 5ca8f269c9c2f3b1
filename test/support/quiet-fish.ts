// Keeps fish from generating completions from all manual pages, in the background: it does so where these folders are not.

import { mkdirSync } from 'node:fs';
import path from 'node:path';

/** For a user with this home and no other place for data and caches. fish 3 looks for the first, fish 4 for the second. */
export function quietFish(home: string): void {
  for (const folder of ['.local/share', '.cache']) {
    mkdirSync(path.join(home, folder, 'fish/generated_completions'), { recursive: true });
  }
}
