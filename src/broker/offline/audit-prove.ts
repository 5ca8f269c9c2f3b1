// `jit audit prove | verify-proof`: one event, provable to somebody who has nothing but a public key.

import { writeFileSync } from 'node:fs';
import { readBody } from '../../audit/body.ts';
import { parseVkey, type VerifierKey } from '../../audit/note.ts';
import { parseProof, verifyProof } from '../../audit/tlog-proof.ts';
import { JitError } from '../../core/errors.ts';
import type { ProofCheck, ProofCheckRequest, ProveReply, ProveRequest } from '../../protocol/offline.ts';
import { proveEvent } from '../../store/prove.ts';
import { resolvePaths } from '../../system/paths.ts';
import { checkKey } from './known-elsewhere.ts';
import { cannotWrite } from './output-file.ts';
import { readInput } from './read-input.ts';

/** Writes the proof to `output`, if there is one. @throws JitError as {@link proveEvent}, `ERR_USAGE` for `output` */
export async function auditProve({ event, file, output }: ProveRequest): Promise<ProveReply> {
  const proof = proveEvent(file ?? resolvePaths(process.env).database, event);
  if (output !== null) writeProof(output, proof.proof);
  return { ...proof, output };
}

/** @throws JitError `ERR_USAGE` when it cannot be written */
export function writeProof(output: string, proof: string): void {
  try {
    writeFileSync(output, proof);
  } catch (cause) {
    throw cannotWrite(output, cause);
  }
}

const help = 'jit audit verify-proof --help';

/**
 * Checks a proof file with public keys alone.
 * @throws JitError `ERR_AUDIT_INVALID` when it does not hold, `ERR_USAGE` for what is no proof, no key or no file
 */
export async function auditVerifyProof({ file, keys, event }: ProofCheckRequest): Promise<ProofCheck> {
  const proof = parseProof(readInput(file, help));
  if (!proof) throw new JitError('ERR_USAGE', `"${file}" is no proof of an audit log`, { hint: help });
  if (keys.length === 0) {
    throw new JitError('ERR_USAGE', 'a key that you trust is needed', {
      hint: 'give it with --key "…"; jit audit verify shows it, on the machine of the log',
    });
  }
  const bytes = event === null ? proof.extra : Buffer.from(withoutNewline(readInput(event, help)));
  if (!bytes) {
    throw new JitError('ERR_USAGE', 'the proof does not hold the event', { hint: `${help}, option --event` });
  }
  const result = verifyProof(
    proof,
    bytes,
    keys.map((vkey) => parseVkey(checkKey(vkey)) as VerifierKey),
  );
  if (!result.valid) throw refused(file, result.why);
  const body = readBody(bytes);
  if (typeof body === 'string') throw refused(file, body);
  const { checkpoint, key, leaf } = result;
  if (body.origin !== checkpoint.origin || body.seq !== String(proof.index)) {
    throw refused(file, 'the event says another place in the log');
  }
  const { origin, size, root } = checkpoint;
  return { path: file, valid: true, origin, seq: proof.index, leaf, size, root, key: key.vkey, event: body };
}

/** Editors end a file with a newline; canonical JSON has none. */
function withoutNewline(text: string): string {
  return text.endsWith('\n') ? text.slice(0, -1) : text;
}

function refused(file: string, why: string): JitError {
  return new JitError('ERR_AUDIT_INVALID', `the proof "${file}" does not hold: ${why}`, {
    hint: 'ask for the proof again, and compare the key with one that you trust',
  });
}
