// On which terms a shell under a grant is opened: what the caller wants, and never milder than the target allows.

import { type OnEnd, type ShellTerms, stricterEnd } from '../core/shell-terms.ts';
import type { Config } from '../policy/config.ts';

/**
 * @param target the target's name; one that has left the configuration sets no limit
 * @param wanted what the caller asked for; null: what the configuration says
 */
export function shellTerms(config: Config, target: string, wanted: OnEnd | null): ShellTerms {
  const { shell } = config;
  const mildest = config.targets.get(target)?.onEnd ?? 'lock';
  return { ...shell, onEnd: stricterEnd(mildest, wanted ?? shell.onEnd) };
}
