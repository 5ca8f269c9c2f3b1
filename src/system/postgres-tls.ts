// TLS to a PostgreSQL server, as libpq's sslmode means it. Connecting is up to those who know the driver.

import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import { JitError } from '../core/errors.ts';
import type { SslMode } from '../core/postgres-address.ts';
import { plain } from './postgres-failure.ts';

/** @param rootCert null: the certificates of the system. @throws JitError `ERR_TARGET_REFUSED` when it cannot be read. */
export async function tlsOptions(mode: SslMode, rootCert: string | null): Promise<ConnectionOptions | false> {
  if (mode === 'disable') return false;
  if (mode === 'require') return { rejectUnauthorized: false };
  const ca = rootCert === null ? {} : { ca: await readCertificates(rootCert) };
  // Said, because NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment changes what is not.
  const verify = { ...ca, rejectUnauthorized: true };
  return mode === 'verify-ca' ? { ...verify, checkServerIdentity: () => undefined } : verify;
}

async function readCertificates(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new JitError('ERR_TARGET_REFUSED', `ssl_root_cert "${plain(path)}" cannot be read`, { cause });
  }
}
