// What has to be there before a session can be made: the broker's own keys, and those of the roles between. Shared by
// all who wait, and kept, so that issuing finds them.

import type { TargetConfig } from '../../core/target.ts';
import type { PrepareRequest } from '../provider.ts';
import { callerKeys } from './assume.ts';
import { webToken } from './base.ts';
import type { Context } from './context.ts';
import { identityFor, isDirect, rightsOf } from './plan.ts';

/** Makes nothing that a lease would have to know. @throws JitError as {@link callerKeys} */
export async function prepareIssue(
  context: Context,
  target: TargetConfig,
  { principal, role, scope }: PrepareRequest,
): Promise<void> {
  const { role: options } = rightsOf(target, role, scope);
  if (isDirect(context.access)) await webToken(context);
  else await callerKeys(context, options.chain, identityFor(context.access, options, principal));
}
