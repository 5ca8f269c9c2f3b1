// The code of an MFA device: from a program, or from a person who is asked once.

import { JitError } from '../../core/errors.ts';
import type { Context } from './context.ts';

/**
 * Six digits. Called inside a single flight, so that a thousand grants ask once.
 * @throws JitError `ERR_SECRET_UNAVAILABLE` when no program is configured and nobody can be asked, or no code came
 */
export async function mfaCode({ access, tools, mayAsk }: Context): Promise<string> {
  const { mfa_process, mfa_serial, target } = access;
  const answer =
    mfa_process !== null
      ? await tools.resolveSecret(mfa_process)
      : mayAsk &&
        (await tools.askInput?.({
          key: `mfa ${mfa_serial}`,
          text: `MFA code of ${mfa_serial} for ${target}`,
          target,
        }));
  if (!answer) {
    throw new JitError(
      'ERR_SECRET_UNAVAILABLE',
      `target "${target}" needs an MFA code, and nobody can be asked for it`,
      {
        hint: 'set mfa_process to a program that prints the code, e.g. command:ykman oath accounts code --single aws',
      },
    );
  }
  const code = answer.reveal().trim();
  if (/^\d{6}$/.test(code)) return code;
  throw new JitError('ERR_SECRET_UNAVAILABLE', `the MFA code for target "${target}" is not six digits`);
}
