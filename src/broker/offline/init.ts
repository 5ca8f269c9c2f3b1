// `jit init`: a first configuration for one PostgreSQL target, the broker's password, and the SQL that an
// administrator runs once. Overwrites nothing unless told to.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { formatDuration } from '../../core/duration.ts';
import { JitError } from '../../core/errors.ts';
import { currentPrincipal } from '../../identity/os-user.ts';
import type { InitReply, InitRequest } from '../../protocol/offline.ts';
import { systemClock } from '../../system/clock.ts';
import { ensurePrivateDirectory } from '../../system/directories.ts';
import { removeTree, writeFileAtomic } from '../../system/files.ts';
import { createKeychain } from '../../system/keychain.ts';
import { systemRandom } from '../../system/random.ts';
import { createSecretResolver } from '../../system/secret-reference.ts';
import { createProviders, kinds } from '../providers.ts';
import { readConfig } from '../read-config.ts';

/**
 * Writes the configuration and, beside it, the broker's new password (0600, never shown).
 * @throws JitError `ERR_CONFLICT` when a file is there already, `ERR_CONFIG` when the values make no valid configuration
 */
export async function init(request: InitRequest): Promise<InitReply> {
  if (!/^[a-z][a-z0-9._-]{0,39}$/.test(request.target)) {
    throw new JitError('ERR_USAGE', `"${request.target}" cannot name a target`, {
      hint: 'small letters, digits, dots, dashes and underscores, beginning with a letter: prod-db',
    });
  }
  const folder = path.dirname(request.path);
  const secret = path.join(folder, `${request.target}.password`);
  for (const file of request.force ? [] : [request.path, secret]) {
    if (!existsSync(file)) continue;
    throw new JitError('ERR_CONFLICT', `"${file}" is there already`, { hint: 'jit init --force' });
  }
  if (!existsSync(folder)) ensurePrivateDirectory(folder);
  const text = render(request, secret);
  const trial = `${request.path}.new`;
  writeFileAtomic(trial, text);
  try {
    readConfig(trial, kinds);
  } finally {
    removeTree(trial);
  }
  writeFileAtomic(secret, `${systemRandom.bytes(24).toString('base64url')}\n`);
  writeFileAtomic(request.path, text);
  return { path: request.path, secret, sql: await setupSql(request) };
}

/** The SQL of the provider for the target that was just written. */
async function setupSql(request: InitRequest): Promise<string> {
  const target = readConfig(request.path, kinds).targets.get(request.target);
  if (!target) throw new JitError('ERR_INTERNAL', 'the new configuration lost its target');
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

function render(request: InitRequest, secret: string): string {
  const roles = Object.entries(request.roles).map(
    ([role, groups]) => [role, { groups: [...groups] }] as const,
  );
  const config = {
    version: 1,
    targets: {
      [request.target]: {
        provider: 'postgres',
        risk: request.risk,
        host: request.host,
        port: request.port,
        database: request.database,
        user: request.brokerUser,
        password: `file:${secret}`,
        roles: Object.fromEntries(roles),
      },
    },
    groups: { developers: [currentPrincipal()] },
    entitlements: [
      {
        name: `developers-${request.target}`.slice(0, 40),
        who: ['group:developers'],
        roles: roles.map(([role]) => `${request.target}:${role}`),
        max_duration: formatDuration(request.maxDuration),
        reason: { required: true },
      },
    ],
  };
  return `# The configuration of jit. What every key means: docs/configuration.md\n${stringify(config)}`;
}
