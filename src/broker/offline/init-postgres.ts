// `jit init postgres`: a first configuration for one PostgreSQL target, the broker's password, and the SQL that an
// administrator runs once.

import path from 'node:path';
import type { TargetConfig } from '../../core/target.ts';
import type { InitReply, InitRequest } from '../../protocol/offline.ts';
import { postgresStarter } from '../../providers/postgres/starter.ts';
import { systemClock } from '../../system/clock.ts';
import { createKeychain } from '../../system/keychain.ts';
import { systemRandom } from '../../system/random.ts';
import { createSecretResolver } from '../../system/secret-reference.ts';
import { createProviders } from '../providers.ts';
import { writeStarter } from './starter-file.ts';

/**
 * Writes the configuration and, beside it, the broker's new password (0600, never shown).
 * @throws JitError as {@link writeStarter}
 */
export async function initPostgres(request: InitRequest): Promise<InitReply> {
  const secret = {
    path: path.join(path.dirname(request.path), `${request.target}.password`),
    content: `${systemRandom.bytes(24).toString('base64url')}\n`,
  };
  const starter = postgresStarter(request, `file:${secret.path}`);
  const target = writeStarter(request, 'postgres', starter, secret);
  return { path: request.path, secret: secret.path, sql: await setupSql(target) };
}

/** The SQL of the provider for the target that was just written. */
async function setupSql(target: TargetConfig): Promise<string> {
  const providers = createProviders({
    clock: systemClock,
    random: systemRandom,
    origin: 'jit.init',
    resolveSecret: createSecretResolver({ env: process.env, keychain: createKeychain() }),
  });
  try {
    const provider = await providers.forTarget(target);
    return (await provider.setup?.()) ?? '';
  } finally {
    await providers.close();
  }
}
