// The code of an MFA device: from a program, or from a person who is asked once for all who wait.

import { JitError } from '../../core/errors.ts';
import type { Context } from './context.ts';
import { awsCodeOf } from './failure.ts';

/** How often a person may mistype or be too late. A program would only say the same again. */
const tries = 3;
/** How often a person may type what is no code, which costs none of the tries: AWS never hears of it. */
const slips = 10;

/**
 * Gets a code and uses it; while AWS does not take it, a person is asked again. Called inside a single flight, so that a
 * thousand grants ask once.
 * @throws JitError `ERR_SECRET_UNAVAILABLE` when no code came or none was taken, and what `use` throws
 */
export async function withMfaCode<T>(
  context: Context,
  serial: string,
  use: (code: string) => Promise<T>,
): Promise<T> {
  const { mfa_process } = context.access;
  for (let count = 1; ; count += 1) {
    const code = await mfaCode(context, serial, count > 1 ? 'that code was not taken; ' : '');
    try {
      return await use(code);
    } catch (thrown) {
      if (!isWrongCode(thrown)) throw thrown;
    }
    if (mfa_process === null && count < tries) continue;
    throw notTaken(context, serial);
  }
}

/** After the last try. */
export function notTaken({ access }: Context, serial: string, wasCode = true): JitError {
  const { mfa_process, target } = access;
  const what = wasCode ? 'does not take the MFA code' : 'takes MFA codes of six digits, and this is none';
  return new JitError('ERR_SECRET_UNAVAILABLE', `AWS of target "${target}" ${what}`, {
    hint:
      mfa_process === null
        ? `wait for the next code of ${serial}, then: jit elevate ${target}`
        : `mfa_process has to print the code of ${serial} of this moment; AWS takes each code once`,
  });
}

/**
 * Six digits; a person who types anything else is asked again. AWS would repeat in its refusal what cannot be a code, and it
 * may be a password.
 * @throws JitError `ERR_SECRET_UNAVAILABLE` when none came
 */
export async function mfaCode(context: Context, serial: string, before = ''): Promise<string> {
  const most = context.access.mfa_process === null ? slips : 1;
  for (let count = 1; count <= most; count += 1) {
    const code = await codeOf(context, serial, count > 1 ? 'an MFA code has six digits; ' : before);
    if (/^\d{6}$/.test(code)) return code;
  }
  throw notTaken(context, serial, false);
}

async function codeOf({ access, tools, mayAsk }: Context, serial: string, before: string): Promise<string> {
  const { mfa_process, target } = access;
  const text = `${before}MFA code of ${serial} for ${target}`;
  const answer =
    mfa_process !== null
      ? await tools.resolveSecret(mfa_process)
      : mayAsk && (await tools.askInput?.({ key: `mfa ${serial}`, text, target }));
  if (answer) return answer.reveal().trim();
  const program =
    'mfa_process to a program that prints the code, e.g. command:ykman oath accounts code --single aws';
  const hint = `on a terminal jit asks for it: jit elevate ${target}`;
  throw new JitError('ERR_SECRET_UNAVAILABLE', `target "${target}" needs an MFA code, and nobody gave one`, {
    hint: access.mfa_serial === null ? hint : `${hint}; elsewhere set ${program}`,
  });
}

/** In the words of STS; that the device is unknown is said in others. */
export function isWrongCode(thrown: unknown): boolean {
  return awsCodeOf(thrown) === 'AccessDenied' && /invalid MFA one time pass code/i.test(String(thrown));
}
