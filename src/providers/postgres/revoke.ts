// Revocation as a protocol of five phases, each idempotent and told when done. A crash between any two is followed by
// the whole again. Needs nothing but the handle.

import { failpoint } from '../../system/failpoint.ts';
import { clean } from './clean.ts';
import type { RevokeContext } from './context.ts';
import { drop } from './drop.ts';
import { fence, strip } from './fence.ts';
import { inventory } from './inventory.ts';
import { kill } from './kill.ts';

/**
 * Phases 1 and 2 end the access; 3 to 5 leave the server as it was. Already gone is success.
 * @throws JitError `ERR_TARGET_UNREACHABLE`, `ERR_TARGET_REFUSED`, `ERR_REVOKE_INCOMPLETE`; call again.
 */
export async function revokeLease(context: RevokeContext): Promise<void> {
  const { role, oid } = await fence(context);
  failpoint('revoke.fenced');

  // A dropped role can still be connected: its sessions keep its OID.
  if (oid !== null) await kill(context, oid, role);
  else context.report.accessEnded();
  failpoint('revoke.killed');
  if (!role) return;

  const found = await inventory(context, role);
  failpoint('revoke.inventoried');

  try {
    await clean(context, role, found);
  } catch (thrown) {
    // What it left behind may run with its rights: without the cleaning, those have to go by themselves.
    await strip(context, role);
    throw thrown;
  }
  failpoint('revoke.cleaned');

  await drop(context, role);
  failpoint('revoke.dropped');
}
