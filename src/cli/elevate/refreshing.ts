// Tells that a credential that is served cannot be made anew. Beside a command at once; beside a shell, whose terminal
// belongs to what runs in it, as a notification, and as a line once the shell is gone. Must not: write over a screen.

import type { GrantView, LeaseView } from '../../protocol/views.ts';
import { roleAndScope } from '../grant-text.ts';
import type { World } from '../world.ts';
import { printRefreshing } from './summary.ts';

/** What is told during one session. */
export interface RefreshNews {
  /** It cannot be made anew any more; null: it can again. */
  hear(grant: GrantView, failure: NonNullable<LeaseView['notRefreshed']> | null): void;
  /** Calls back with what is to be shown outside of the screen; the answer stops that. */
  onNotice(callback: (text: string) => void): () => void;
  /** The shell is gone: what still holds is told. */
  tellRest(): void;
}

export function refreshNews(world: World, isShell: boolean): RefreshNews {
  const listeners = new Set<(text: string) => void>();
  let untold = (): void => {};
  return {
    hear(grant, failure) {
      if (!isShell) return printRefreshing(world, grant, failure);
      untold = failure ? () => printRefreshing(world, grant, failure) : () => {};
      const text = failure ? 'is not refreshed, see "jit status"' : 'is refreshed again';
      for (const show of listeners) show(`${roleAndScope(grant)} ${text}`);
    },
    onNotice(callback) {
      listeners.add(callback);
      return () => void listeners.delete(callback);
    },
    tellRest: () => untold(),
  };
}
