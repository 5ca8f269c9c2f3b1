// A first configuration: one target, one group with who asks for it, one rule. Written only when it is valid, and over
// nothing unless told to. What the target looks like is the vendor's business.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { formatDuration } from '../../core/duration.ts';
import { JitError } from '../../core/errors.ts';
import type { TargetConfig } from '../../core/target.ts';
import { currentPrincipal } from '../../identity/os-user.ts';
import type { InitFrame } from '../../protocol/offline.ts';
import type { Starter } from '../../providers/provider.ts';
import { ensurePrivateDirectory } from '../../system/directories.ts';
import { removeTree, writeFileAtomic } from '../../system/files.ts';
import { kinds } from '../providers.ts';
import { readConfig } from '../read-config.ts';

/** A file beside the configuration, 0600. */
export interface StarterSecret {
  readonly path: string;
  readonly content: string;
}

/**
 * Writes the configuration, and `secret` before it.
 * @returns the target as the configuration has it now
 * @throws JitError `ERR_CONFLICT` when a file is there already, `ERR_CONFIG` when the values make no valid configuration
 */
export function writeStarter(
  frame: InitFrame,
  provider: string,
  starter: Starter,
  secret: StarterSecret | null = null,
): TargetConfig {
  if (!/^[a-z][a-z0-9._-]{0,39}$/.test(frame.target)) {
    throw new JitError('ERR_USAGE', `"${frame.target}" cannot name a target`, {
      hint: 'small letters, digits, dots, dashes and underscores, beginning with a letter: prod-db',
    });
  }
  const folder = path.dirname(frame.path);
  for (const file of frame.force ? [] : [frame.path, ...(secret ? [secret.path] : [])]) {
    if (!existsSync(file)) continue;
    throw new JitError('ERR_CONFLICT', `"${file}" is there already`, { hint: 'jit init --force' });
  }
  if (!existsSync(folder)) ensurePrivateDirectory(folder);
  const text = render(frame, provider, starter);
  const trial = `${frame.path}.new`;
  writeFileAtomic(trial, text);
  try {
    readConfig(trial, kinds);
  } finally {
    removeTree(trial);
  }
  if (secret) writeFileAtomic(secret.path, secret.content);
  writeFileAtomic(frame.path, text);
  const target = readConfig(frame.path, kinds).targets.get(frame.target);
  if (!target) throw new JitError('ERR_INTERNAL', 'the new configuration lost its target');
  return target;
}

function render({ target, risk, maxDuration }: InitFrame, provider: string, starter: Starter): string {
  const config = {
    version: 1,
    targets: { [target]: { provider, risk, ...starter.target, roles: starter.roles } },
    groups: { developers: [currentPrincipal()] },
    entitlements: [
      {
        name: `developers-${target}`.slice(0, 40),
        who: ['group:developers'],
        roles: Object.keys(starter.roles).map((role) => `${target}:${role}`),
        max_duration: formatDuration(maxDuration),
        reason: { required: true },
      },
    ],
  };
  return `# The configuration of jit. What every key means: docs/configuration.md\n${stringify(config, { lineWidth: 0 })}`;
}
