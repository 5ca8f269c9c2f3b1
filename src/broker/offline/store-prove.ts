// `jit audit prove --store`: one event of anybody's log, from the shared store alone.

import type { ProveReply } from '../../protocol/offline.ts';
import type { StoreProveRequest } from '../../protocol/store.ts';
import { proveStored } from '../../shared-store/prove.ts';
import { asAuditor } from './as-auditor.ts';
import { writeProof } from './audit-prove.ts';

/**
 * Writes the proof to `output`, if there is one.
 * @throws JitError `ERR_CONFIG` where the configuration names no auditor; as {@link proveStored}; `ERR_USAGE` for `output`
 */
export async function storeProve(
  config: string | null,
  { event, output }: StoreProveRequest,
  onProgress: (done: number, total: number) => void,
): Promise<ProveReply> {
  const proof = await asAuditor(config, (connection) => proveStored(connection, event, onProgress));
  if (output !== null) writeProof(output, proof.proof);
  return { ...proof, output };
}
