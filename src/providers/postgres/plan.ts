// What a lease would be: the handle, chosen before anything exists, and lines for people. Pure.

import { parseDuration } from '../../core/duration.ts';
import { JitError } from '../../core/errors.ts';
import { sslModeOf } from '../../core/postgres-address.ts';
import type { RoleConfig, TargetConfig } from '../../core/target.ts';
import type { Plan, PlanRequest } from '../provider.ts';
import type { PostgresHandle, ServerAddress } from './handle.ts';
import { roleName } from './names.ts';
import { type RoleOptions, roleOptions, scopeGroups, targetOptions } from './schema.ts';

/** What a role and scope of the config mean on the server. */
export interface Rights {
  readonly groups: readonly string[];
  readonly options: RoleOptions;
}

/** Where the target is and how the broker logs in there. */
export function addressOf(target: TargetConfig): ServerAddress {
  const options = targetOptions(target);
  return {
    target: target.name,
    host: options.host,
    port: options.port,
    database: options.database,
    user: options.user,
    password: options.password,
    sslmode: sslModeOf(options),
    ssl_root_cert: options.ssl_root_cert ?? null,
    connect_timeout_ms: parseDuration(options.connect_timeout),
  };
}

/** @throws JitError `ERR_UNKNOWN_NAME` when the target has no such role, or the role no such scope. */
export function rightsOf(target: TargetConfig, roleOf: string, scopeOf: string | null): Rights {
  const role = target.roles.get(roleOf);
  if (!role) throw unknown(`target "${target.name}" has no role "${roleOf}"`, [...target.roles.keys()]);
  const options = roleOptions(role.options);
  return { groups: scopeOf === null ? options.groups : groupsOf(role, scopeOf), options };
}

function groupsOf(role: RoleConfig, name: string): readonly string[] {
  const scope = role.scopes.get(name);
  if (!scope) throw unknown(`role "${role.name}" has no scope "${name}"`, [...role.scopes.keys()]);
  return scopeGroups(scope.options);
}

function unknown(message: string, known: readonly string[]): JitError {
  return new JitError('ERR_UNKNOWN_NAME', message, {
    hint: known.length === 0 ? 'there are none' : `known: ${known.join(', ')}`,
  });
}

/** @throws JitError `ERR_UNKNOWN_NAME` */
export function planLease(target: TargetConfig, request: PlanRequest): Plan<PostgresHandle> {
  const { groups, options } = rightsOf(target, request.role, request.scope);
  const address = addressOf(target);
  const handle: PostgresHandle = {
    ...address,
    lease: request.lease,
    name: roleName(request.lease),
    oid: null,
    quarantine: targetOptions(target).quarantine_role,
    groups,
    deadline: request.deadline,
  };
  const logged = options.log_statements ? ', every statement logged by the server' : '';
  return {
    handle,
    hardDeadline: request.deadline,
    preview: [
      `database "${address.database}" on ${address.host}, port ${address.port}`,
      `the rights of ${groups.join(', ')}${options.read_only ? ', read-only by default' : ''}`,
      `a role of its own, at most ${options.connection_limit} connections${logged}`,
    ],
  };
}
