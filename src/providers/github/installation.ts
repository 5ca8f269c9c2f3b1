// Where the App is installed: found by its owner, believed for a while.

import { JitError } from '../../core/errors.ts';
import type { Milliseconds } from '../../core/time.ts';
import { appAuthorization } from './app-jwt.ts';
import { type Answer, call } from './call.ts';
import type { Context } from './context.ts';

const believed: Milliseconds = 300_000;

/** What GitHub says of an installation, as far as it is used. */
export interface Installation {
  readonly id: number;
  readonly permissions: Readonly<Record<string, string>>;
  readonly suspended_at?: string | null;
  readonly repository_selection?: string;
}

/** The id of the target's installation. @throws JitError as {@link call} */
export async function installationOf(context: Context): Promise<number> {
  const { access, shared, tools } = context;
  if (access.installation_id !== null) return access.installation_id;
  const key = keyOf(context);
  const known = shared.installations.get(key);
  if (known && tools.clock.now() < known.until) return known.id;
  const { id } = await findInstallation(context);
  shared.installations.set(key, { id, until: tools.clock.now() + believed });
  return id;
}

/** Somebody may have installed it anew: it is looked for again. */
export function forgetInstallation(context: Context): void {
  context.shared.installations.delete(keyOf(context));
}

function keyOf({ access }: Context): string {
  return JSON.stringify([access.api_url, access.app_id, access.owner.toLowerCase()]);
}

/** @throws JitError `ERR_TARGET_REFUSED` when the App is not installed there; as {@link call} */
export async function findInstallation(context: Context): Promise<Installation> {
  const { access } = context;
  const what = `tell where App ${access.app_id} is installed for "${access.owner}"`;
  const authorization = () => appAuthorization(access, context.tools);
  if (access.installation_id !== null) {
    const parameters = { installation_id: access.installation_id };
    const route = 'GET /app/installations/{installation_id}';
    return read(context, await call(context, { route, parameters, authorization, what }));
  }
  for (const route of ['GET /orgs/{owner}/installation', 'GET /users/{owner}/installation']) {
    const asked = { route, parameters: { owner: access.owner }, authorization, what, expected: [404] };
    const answer = await call(context, asked);
    if (answer.status !== 404) return read(context, answer);
  }
  throw new JitError(
    'ERR_TARGET_REFUSED',
    `GitHub App ${access.app_id} is not installed for "${access.owner}" (target "${access.target}")`,
    { hint: "install it on the App's page, or correct owner in the config" },
  );
}

function read({ access }: Context, { data }: Answer): Installation {
  const { id, permissions } = (data ?? {}) as Partial<Installation>;
  if (Number.isSafeInteger(id) && typeof permissions === 'object' && permissions !== null) {
    return data as Installation;
  }
  throw new JitError(
    'ERR_TARGET_UNREACHABLE',
    `GitHub of target "${access.target}" answers something that is no installation`,
  );
}
