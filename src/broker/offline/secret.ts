// `jit secret set | check | remove`: the keychain of this user, written and looked at. Tells of a secret only that it is
// there, and of an access key its last four.

import { JitError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import { keychainItem } from '../../core/secret-reference.ts';
import type { SecretReply, SecretSetRequest } from '../../protocol/offline.ts';
import { importKeys, storedForm, storedKeys } from '../../providers/aws/access-key.ts';
import { createKeychain, type Keychain } from '../../system/keychain.ts';
import { createSecretResolver } from '../../system/secret-reference.ts';

/** @throws JitError `ERR_USAGE` for a value that cannot be one, `ERR_SECRET_UNAVAILABLE` when the keychain does not take it */
export async function secretSet(
  request: SecretSetRequest,
  keychain: Keychain = createKeychain(),
): Promise<SecretReply> {
  const { service, account } = keychainItem(request.reference);
  const value = usable(request);
  await keychain.set(service, account, value);
  // A keychain that takes everything and keeps nothing would be noticed only when somebody needs access.
  if ((await keychain.get(service, account))?.reveal() !== value.reveal()) {
    throw new JitError(
      'ERR_SECRET_UNAVAILABLE',
      `the keychain does not give back what it took for "${service}/${account}"`,
    );
  }
  return told(request.reference, value);
}

/** @throws JitError `ERR_SECRET_UNAVAILABLE` when there is nothing to read */
export async function secretCheck(
  reference: string,
  keychain: Keychain = createKeychain(),
): Promise<SecretReply> {
  return told(reference, await createSecretResolver({ env: process.env, keychain })(reference));
}

/** @throws JitError `ERR_SECRET_UNAVAILABLE` when the keychain has no such item */
export async function secretRemove(reference: string, keychain: Keychain = createKeychain()): Promise<void> {
  const { service, account } = keychainItem(reference);
  if (await keychain.delete(service, account)) return;
  throw new JitError('ERR_SECRET_UNAVAILABLE', `the keychain has no item "${service}/${account}"`);
}

function usable({ value, kind, profile }: SecretSetRequest): Secret {
  if (kind === 'aws') return storedForm(importKeys(value.reveal(), profile));
  if (value.reveal() === '') throw new JitError('ERR_USAGE', 'the value is empty');
  if (value.reveal().includes('\0')) throw new JitError('ERR_USAGE', 'the value holds a NUL byte');
  return value;
}

function told(reference: string, value: Secret): SecretReply {
  const keys = storedKeys(value.reveal());
  return {
    reference,
    accessKey: keys && { ends: keys.accessKeyId.slice(-4), temporary: keys.sessionToken !== null },
  };
}
