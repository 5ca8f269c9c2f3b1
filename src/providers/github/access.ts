// Where a target is, and what a role and scope of it mean. Pure.

import { JitError } from '../../core/errors.ts';
import type { TargetConfig } from '../../core/target.ts';
import type { Access, Acting } from './handle.ts';
import { isWithin, type Permissions } from './permissions.ts';
import { roleOptions, scopeOptions, type TargetOptions, targetOptions } from './schema.ts';

/** What may be issued: repositories that every list means, with these permissions. Neither is ever empty. */
export interface Rights {
  readonly repositories: readonly (readonly string[])[];
  readonly permissions: Permissions;
}

export function accessOf(target: TargetConfig): Access {
  const options = targetOptions(target);
  const api = options.base_url.replace(/\/+$/, '');
  return {
    target: target.name,
    api_url: api,
    git_url: (options.git_url ?? gitUrlOf(api)).replace(/\/+$/, ''),
    app_id: String(options.app_id),
    private_key: options.private_key,
    owner: options.owner,
    installation_id: options.installation_id ?? null,
    user: actingOf(options),
  };
}

function actingOf({ act_as, client_id, client_secret }: TargetOptions): Acting | null {
  if (act_as !== 'user') return null;
  if (client_id !== undefined && client_secret !== undefined) return { client_id, client_secret };
  throw new JitError('ERR_CONFIG', 'act_as: user needs client_id and client_secret');
}

/** `https://api.github.com` serves git at `https://github.com`, `https://host/api/v3` at `https://host`. */
function gitUrlOf(api: string): string {
  return api
    .replace(/\/api\/v3$/, '')
    .replace(/^https:\/\/api\.(github\.com|[\w-]+\.ghe\.com)$/, 'https://$1');
}

/** True for github.com and GitHub's own tenants, where `gh` reads GH_TOKEN; else GH_ENTERPRISE_TOKEN (gh help environment). */
export function isHosted(access: Access): boolean {
  return /(^|\.)(github|ghe)\.com$/.test(new URL(access.git_url).hostname);
}

/**
 * @throws JitError `ERR_UNKNOWN_NAME` when the target has no such role, or the role no such scope; `ERR_CONFIG` when
 *   nothing is left, because GitHub takes nothing as everything
 */
export function rightsOf(target: TargetConfig, roleName: string, scopeName: string | null): Rights {
  const found = target.roles.get(roleName);
  if (!found) throw unknown(`target "${target.name}" has no role "${roleName}"`, [...target.roles.keys()]);
  const role = roleOptions(found.options);
  const all: Rights = { repositories: [role.repositories], permissions: role.permissions };
  if (scopeName === null) return refuseEmpty(all);
  const scope = found.scopes.get(scopeName);
  if (!scope) throw unknown(`role "${roleName}" has no scope "${scopeName}"`, [...found.scopes.keys()]);
  const { repositories, permissions } = scopeOptions(scope.options);
  if (permissions && !isWithin(permissions, role.permissions)) {
    throw new JitError('ERR_CONFIG', `scope "${scopeName}" has permissions that role "${roleName}" lacks`);
  }
  return refuseEmpty({
    repositories: repositories ? [role.repositories, repositories] : all.repositories,
    permissions: permissions ?? role.permissions,
  });
}

/** Checked again before the call: left out of the request, either list would mean everything that the App has. */
export function refuseEmpty(rights: Rights): Rights {
  const { repositories, permissions } = rights;
  if (repositories.length === 0 || repositories.some((list) => list.length === 0)) {
    throw new JitError('ERR_CONFIG', 'an empty list of repositories would mean all of them');
  }
  if (Object.keys(permissions).length === 0) {
    throw new JitError('ERR_CONFIG', 'an empty list of permissions would mean all that the App has');
  }
  return rights;
}

function unknown(message: string, known: readonly string[]): JitError {
  return new JitError('ERR_UNKNOWN_NAME', message, {
    hint: known.length === 0 ? 'there are none' : `known: ${known.join(', ')}`,
  });
}
