// Whether the hooks that are installed are those of this jit, for `jit doctor`. Reads; never throws.

import type { DoctorReply } from '../../protocol/routes.ts';
import type { World } from '../world.ts';
import { readRc } from './rc-file.ts';
import { installed, placeOf } from './shells.ts';
import { hookText } from './text.ts';

type Check = DoctorReply['checks'][number];

/** One check per installed hook; none where none is installed. */
export function checkHooks(world: World): Check[] {
  return installed.flatMap((shell): Check[] => {
    try {
      const found = readRc(placeOf(world, shell).hook);
      if (found === null) return [];
      const isFresh = found === Buffer.from(hookText(world, shell), 'utf8').toString('latin1');
      const about = { target: null, name: `shell hook of ${shell}` };
      if (isFresh) return [{ ...about, status: 'ok', detail: 'installed' }];
      const advice = `jit shell-init ${shell}`;
      return [{ ...about, status: 'warning', detail: 'of another version or set-up of jit', advice }];
    } catch {
      return [];
    }
  });
}
