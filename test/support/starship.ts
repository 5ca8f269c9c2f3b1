// starship, which `npm run peers` brings from a newer Debian.

import { existsSync } from 'node:fs';
import path from 'node:path';

const folder = path.join(import.meta.dirname, '../../.cache/peers/debian');

/** Where the program `starship` is. */
export const starshipFolder = path.join(folder, 'starship/usr/bin');

/** Why tests with it are skipped; null when it is there. */
export const noStarship: string | null = existsSync(path.join(folder, '.made-from'))
  ? null
  : 'starship is not there: npm run peers';
