// The `shell` section of jit.yaml: how elevated shells are told of the end, and what the end does to them.

import * as v from 'valibot';
import { notifications, onEnds, type ShellTerms, usualShellTerms } from '../core/shell-terms.ts';
import type { Milliseconds } from '../core/time.ts';

/** For a target as well, where it is the mildest that is allowed. */
export const onEndSchema = v.picklist(onEnds);

/** @param duration the schema of a duration, which answers milliseconds */
export function shellSchema(duration: v.GenericSchema<string, Milliseconds>) {
  return v.strictObject({
    on_end: v.optional(
      v.pipe(
        onEndSchema,
        v.description(
          'what the end of a grant does to its shell: lock it, terminate what runs in it, or close it',
        ),
      ),
      usualShellTerms.onEnd,
    ),
    warn: v.optional(
      v.pipe(
        v.array(duration),
        v.maxLength(5, 'expected at most 5'),
        v.description('how long before the end to warn; shortened for short grants'),
      ),
    ),
    notify: v.optional(
      v.pipe(
        v.array(v.picklist(notifications)),
        v.description('how a warning is told besides the line at the prompt'),
      ),
    ),
    tmux: v.optional(
      v.pipe(v.boolean(), v.description('tell the grant to tmux, as options of the pane')),
      usualShellTerms.tmux,
    ),
  });
}

/** What {@link shellSchema} answers. */
export type ShellValue = v.InferOutput<ReturnType<typeof shellSchema>>;

/** The terms that a `shell` section states; without one the usual ones. */
export function shellTermsOf(value: ShellValue | undefined): ShellTerms {
  if (value === undefined) return usualShellTerms;
  const { on_end: onEnd, warn, notify, tmux } = value;
  const longestFirst = [...new Set(warn ?? usualShellTerms.warn)].sort((one, other) => other - one);
  return { onEnd, warn: longestFirst, notify: [...new Set(notify ?? usualShellTerms.notify)], tmux };
}
