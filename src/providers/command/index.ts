// The provider of anything else, by two programs: what the broker calls, and which file answers.

import type { TargetConfig } from '../../core/target.ts';
import type { Instant } from '../../core/time.ts';
import type { Provider, ProviderKind, ProviderTools, RevokeReport } from '../provider.ts';
import type { Context } from './call.ts';
import { checkTarget } from './check.ts';
import { exportKinds } from './hand-out.ts';
import { type CommandHandle, checkHandle } from './handle.ts';
import { issueLease } from './issue.ts';
import { accessOf, planLease } from './plan.ts';
import { reconcileTarget } from './reconcile.ts';
import { confirmLease, revokeLease, type Said } from './revoke.ts';
import { commandSchema, settingsOf, targetOptions, validateCommand } from './schema.ts';
import { setupText } from './setup.ts';

export type { CommandHandle } from './handle.ts';

/** Programs that issue and revoke: JSON on stdin and stdout, no shell. */
export const commandKind: ProviderKind<CommandHandle> = {
  kind: 'command',
  schema: commandSchema,
  validate: validateCommand,
  open,
  openByHandle: (_handle, tools) => {
    const gone = (): never => {
      throw new TypeError('a provider that was opened by a handle cannot issue');
    };
    return { plan: gone, issue: async () => gone(), ...callsByHandle(tools) };
  },
};

function open(target: TargetConfig, tools: ProviderTools): Provider<CommandHandle> {
  const onTarget = (signal: AbortSignal): Context => ({ access: accessOf(target), tools, signal });
  return {
    plan: (request) => planLease(target, request, tools.origin),
    issue: async (handle, request, signal) =>
      issueLease({ access: checkHandle(handle).access, tools, signal }, handle, request),
    ...callsByHandle(tools),
    ...(targetOptions(target).list === undefined
      ? {}
      : {
          reconcile: (known: readonly CommandHandle[], signal: AbortSignal) =>
            reconcileTarget(onTarget(signal), settingsOf(target.options), known),
        }),
    check: (signal) => checkTarget(onTarget(signal), target),
    setup: async () => setupText(target, tools.origin, tools.clock.now()),
  };
}

/** Each runs the programs that its handle names: a target may have changed since. */
function callsByHandle(tools: ProviderTools) {
  const said: Said = { gone: new Set(), ending: new Map() };
  const on = (handle: CommandHandle, signal: AbortSignal): Context => ({
    access: checkHandle(handle).access,
    tools,
    signal,
  });
  return {
    exports: exportKinds,
    describe: ({ name, access }: CommandHandle) => ({ name, facts: { program: access.issue[0] ?? '' } }),
    revoke: async (handle: CommandHandle, _cause: unknown, report: RevokeReport, signal: AbortSignal) =>
      revokeLease(on(handle, signal), handle, said, report),
    confirm: async (handle: CommandHandle, signal: AbortSignal) =>
      confirmLease(on(handle, signal), handle, said),
    // Known once revoke was answered so: before that nothing speaks against taking it back.
    irrevocableUntil: ({ name }: CommandHandle): Instant | null => said.ending.get(name) ?? null,
    close: async () => undefined,
  };
}
