// The PostgreSQL provider: what the broker calls, and which file answers.

import { hasCode } from '../../core/errors.ts';
import type { TargetConfig } from '../../core/target.ts';
import type { Provider, ProviderKind, ProviderTools, RevokeReport } from '../provider.ts';
import { checkTarget } from './check.ts';
import { confirmLease } from './confirm.ts';
import { openServer } from './connection.ts';
import type { Context } from './context.ts';
import { exportKinds } from './hand-out.ts';
import { checkHandle, type PostgresHandle } from './handle.ts';
import { issueLease } from './issue.ts';
import { addressOf, planLease, rightsOf } from './plan.ts';
import { reconcileRoles } from './reconcile.ts';
import { renewLease } from './renew.ts';
import { revokeLease } from './revoke.ts';
import { postgresSchema, targetOptions, validatePostgres } from './schema.ts';
import { setupSql } from './setup.ts';

export type { PostgresHandle } from './handle.ts';

/** PostgreSQL 15 to 18, by a role per lease. */
export const postgresKind: ProviderKind<PostgresHandle> = {
  kind: 'postgres',
  schema: postgresSchema,
  validate: validatePostgres,
  open,
  openByHandle: (_handle, tools) => openForRevoking(tools),
};

/** What handles alone are enough for. `plan` and `issue` need the target, and say so. */
function openForRevoking(tools: ProviderTools): Provider<PostgresHandle> {
  const gone = (): never => {
    throw new TypeError('a provider that was opened by a handle cannot issue');
  };
  return { plan: gone, issue: async () => gone(), ...callsByHandle(tools) };
}

function open(target: TargetConfig, tools: ProviderTools): Provider<PostgresHandle> {
  const server = openServer(addressOf(target), tools);
  async function setup(): Promise<string> {
    const { password } = targetOptions(target);
    const secret = await tools.resolveSecret(password).catch((thrown: unknown) => {
      if (hasCode(thrown, 'ERR_SECRET_UNAVAILABLE')) return null;
      throw thrown;
    });
    return setupSql(target, secret, tools.random);
  }
  return {
    plan: (request) => planLease(target, request),
    issue: async (handle, request, signal) =>
      issueLease(contextOf(handle, tools, signal), request, rightsOf(target, request.role, request.scope)),
    ...callsByHandle(tools),
    reconcile: (known, signal) =>
      reconcileRoles(server, targetOptions(target).quarantine_role, known, tools, signal),
    check: (signal) => checkTarget(server, target, tools.clock, setup, signal),
    setup,
  };
}

/** Each reaches the server that its handle names: a target may have moved since. */
function callsByHandle(tools: ProviderTools) {
  return {
    exports: exportKinds,
    describe: ({ name, host, port, database, oid, groups }: PostgresHandle) => ({
      name,
      facts: { host, port, database, oid, groups },
    }),
    renew: (handle: PostgresHandle, deadline: number, signal: AbortSignal) =>
      renewLease(contextOf(handle, tools, signal), deadline),
    revoke: (handle: PostgresHandle, _cause: unknown, report: RevokeReport, signal: AbortSignal) =>
      revokeLease({ ...contextOf(handle, tools, signal), report }),
    confirm: (handle: PostgresHandle, signal: AbortSignal) => confirmLease(contextOf(handle, tools, signal)),
    // Connections end with the work they were opened for: nothing is pooled.
    close: async () => undefined,
  };
}

function contextOf(handle: PostgresHandle, tools: ProviderTools, signal: AbortSignal): Context {
  const { clock, random, origin } = tools;
  return { server: openServer(checkHandle(handle), tools), handle, clock, random, origin, signal };
}
