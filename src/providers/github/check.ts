// What `jit doctor` says of a GitHub target: whether the App answers, where it is installed, what it may do and what the
// roles want of it.

import { toJitError } from '../../core/errors.ts';
import type { TargetConfig } from '../../core/target.ts';
import type { Check } from '../provider.ts';
import { appAuthorization } from './app-jwt.ts';
import { type Answer, call } from './call.ts';
import type { Context } from './context.ts';
import { skewOf } from './failure.ts';
import { findInstallation, type Installation } from './installation.ts';
import { lacking, listed } from './permissions.ts';
import { roleOptions } from './schema.ts';
import { checkClient } from './user-call.ts';

/** Never throws for a target that is down. */
export async function checkTarget(context: Context, target: TargetConfig): Promise<Check[]> {
  const checks: Check[] = [];
  try {
    const answer = await call(context, {
      route: 'GET /app',
      authorization: () => appAuthorization(context.access, context.tools),
      what: 'say which App the key belongs to',
    });
    checks.push(appLine(answer), clockLine(answer, context.tools.clock.now()), ...limitLine(answer));
  } catch (thrown) {
    return [failed('app', thrown)];
  }
  try {
    const installation = await findInstallation(context);
    checks.push(installationLine(context, installation), ...roleLines(target, installation));
  } catch (thrown) {
    checks.push(failed('installation', thrown));
  }
  return [...checks, ...(await clientLine(context)), await sealLine(context)];
}

function appLine({ data }: Answer): Check {
  const { slug, name, id } = (data ?? {}) as { slug?: unknown; name?: unknown; id?: unknown };
  return { name: 'app', status: 'ok', detail: `${String(slug ?? name ?? 'App')} (${String(id)})` };
}

function clockLine({ headers }: Answer, now: number): Check {
  const skew = skewOf(headers['date'], now);
  // The header has whole seconds.
  const seconds = skew === null ? 0 : Math.round(skew / 1000);
  const name = 'clock of GitHub';
  if (Math.abs(seconds) <= 30) return { name, status: 'ok', detail: 'agrees with this machine' };
  return {
    name,
    status: 'warning',
    detail: `${Math.abs(seconds)} seconds ${seconds > 0 ? 'ahead of' : 'behind'} this machine`,
    advice: 'set the clock by NTP: GitHub takes about a minute of difference',
  };
}

function limitLine({ headers }: Answer): Check[] {
  const [left, most] = [Number(headers['x-ratelimit-remaining']), Number(headers['x-ratelimit-limit'])];
  if (!Number.isFinite(left) || !Number.isFinite(most)) return [];
  const status = left < most / 10 ? 'warning' : 'ok';
  return [{ name: 'rate limit', status, detail: `${left} of ${most} requests left this hour` }];
}

function installationLine({ access }: Context, installation: Installation): Check {
  const { id, permissions, suspended_at, repository_selection } = installation;
  const name = 'installation';
  if (suspended_at) {
    return {
      name,
      status: 'failed',
      detail: `installation ${id} for ${access.owner} is suspended since ${suspended_at}`,
      advice: 'an owner of the organisation can end that, under Settings, GitHub Apps',
    };
  }
  const where = repository_selection === 'all' ? 'all repositories' : 'selected repositories';
  return { name, status: 'ok', detail: `${id} for ${access.owner}, ${where}, ${listed(permissions)}` };
}

function roleLines(target: TargetConfig, { permissions }: Installation): Check[] {
  return [...target.roles.values()].map(({ name, options }) => {
    const missing = lacking(roleOptions(options).permissions, permissions);
    if (missing.length === 0)
      return { name: `role ${name}`, status: 'ok', detail: 'the App may do all of it' };
    return {
      name: `role ${name}`,
      status: 'failed',
      detail: `the App lacks ${missing.join(', ')}`,
      advice:
        "add it on the App's page and have an owner accept it for the installation, or take it out of the role",
    };
  });
}

async function clientLine(context: Context): Promise<Check[]> {
  const { user } = context.access;
  if (!user) return [];
  const name = 'client secret';
  try {
    await checkClient(context, user);
    return [{ name, status: 'ok', detail: `is there, for client ${user.client_id}` }];
  } catch (thrown) {
    return [failed(name, thrown)];
  }
}

/** Tokens lie sealed on disk until they are dead; where the key is decides what that is worth. */
async function sealLine({ tools }: Context): Promise<Check> {
  const name = 'seal of tokens';
  try {
    const place = await tools.sealer?.ready();
    if (place === 'keychain') return { name, status: 'ok', detail: 'its key is in the keychain' };
    return {
      name,
      status: 'warning',
      detail: 'no keychain answers: the key is in a file beside the database (mode 600)',
      advice: 'whoever can read both files can read tokens that are alive; a keychain would keep them apart',
    };
  } catch (thrown) {
    return failed(name, thrown);
  }
}

function failed(name: string, thrown: unknown): Check {
  const { message, hint } = toJitError(thrown);
  return { name, status: 'failed', detail: message, ...(hint === undefined ? {} : { advice: hint }) };
}
