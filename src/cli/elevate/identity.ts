// The identity of a CI job: a token that was put into the environment, or one that GitHub is asked for. Must not: look
// into it, show it, or pass it on but to the broker.

import type { Client } from '../../client/client.ts';
import { JitError } from '../../core/errors.ts';
import { errnoOf } from '../../system/errno.ts';
import { getJson, isSafeUrl } from '../../system/get-json.ts';
import { opt } from '../define-command.ts';
import type { World } from '../world.ts';

/** The option for commands that ask for a grant. */
export const identityOptions = {
  audience: opt.text(
    'audience',
    'in CI, what the identity token of the job is asked for; usually as in the configuration',
  ),
};

const permission = 'give the job the permission "id-token: write"';

/**
 * The token of this job; null when it has none, and the OS user asks.
 * @param audience `--audience`; null: JIT_AUDIENCE, else that of the configuration's issuer of kind github
 * @throws JitError `ERR_SECRET_UNAVAILABLE` when GitHub gives none
 */
export async function identityOf(
  world: World,
  client: Client,
  audience: string | null,
): Promise<string | null> {
  const {
    JIT_ID_TOKEN: token,
    ACTIONS_ID_TOKEN_REQUEST_URL: url,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: key,
  } = world.env;
  if (token?.trim()) return token.trim();
  if (!world.ci || world.env.GITHUB_ACTIONS !== 'true') return null;
  const wanted = audience ?? world.env.JIT_AUDIENCE ?? (await audienceOf(client));
  // Without an issuer nobody could verify it.
  if (wanted === null) return null;
  if (url && key) return askGithub(url, key, wanted);
  world.out.note(`jit: this job has no identity: ${permission}`);
  return null;
}

async function audienceOf(client: Client): Promise<string | null> {
  const { issuers } = await client.issuers();
  return issuers.find(({ kind }) => kind === 'github')?.audience ?? null;
}

/** As actions/toolkit does: the URL has a query already. https://docs.github.com/actions/reference/security/oidc */
async function askGithub(url: string, key: string, audience: string): Promise<string> {
  if (!isSafeUrl(url)) throw none('ACTIONS_ID_TOKEN_REQUEST_URL is no https URL');
  const full = new URL(url);
  full.searchParams.set('audience', audience);
  const headers = { authorization: `Bearer ${key}` };
  const { status, value } = await getJson(full.href, AbortSignal.timeout(10_000), headers).catch(
    (cause: unknown) => {
      throw none((cause as Error).name === 'TimeoutError' ? 'no answer within 10 s' : errnoOf(cause));
    },
  );
  const token = (value as { value?: unknown } | undefined)?.value;
  if (status === 200 && typeof token === 'string' && token !== '') return token;
  throw none(status === 200 ? 'its answer has no token' : `HTTP ${status}`);
}

function none(why: string): JitError {
  return new JitError('ERR_SECRET_UNAVAILABLE', `GitHub gives this job no identity token: ${why}`, {
    hint: permission,
  });
}
