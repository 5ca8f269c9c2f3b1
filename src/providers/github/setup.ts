// What an administrator does once: make the App, give it no more than the roles want, install it, store its key.

import type { TargetConfig } from '../../core/target.ts';
import { accessOf } from './access.ts';
import type { Access } from './handle.ts';
import { isWithin, type Level, type Permissions } from './permissions.ts';
import { roleOptions } from './schema.ts';

/** The least that covers every role. */
function neededPermissions(target: TargetConfig): Permissions {
  const needed: Record<string, Level> = {};
  for (const { options } of target.roles.values()) {
    for (const [name, level] of Object.entries(roleOptions(options).permissions) as [string, Level][]) {
      if (!isWithin({ [name]: level }, needed)) needed[name] = level;
    }
  }
  return needed;
}

export function setupText(target: TargetConfig): string {
  const access = accessOf(target);
  const needed = Object.entries(neededPermissions(target)).sort();
  const names = [
    ...new Set([...target.roles.values()].flatMap((one) => roleOptions(one.options).repositories)),
  ];
  return [
    `# Target ${target.name}: what an owner of ${access.owner} sets up once.`,
    '',
    `1. Make a GitHub App: ${access.git_url}/organizations/${access.owner}/settings/apps/new`,
    `   (of a user: ${access.git_url}/settings/apps/new). No webhook, no callback URL, only on this account.`,
    '   Permissions, and no more than these:',
    ...needed.map(([name, level]) => `     ${name}: ${level}`),
    '2. Generate a private key on its page, and store the whole file where the config says:',
    `     ${access.private_key}`,
    ...storing(access.private_key),
    '   Then delete the downloaded file.',
    ...forPeople(access),
    '3. Install the App, on selected repositories only:',
    ...names.map((name) => `     ${access.owner}/${name}`),
    '4. jit doctor shows whether App, installation and roles agree.',
    '',
    '# Whoever has this key can do everything that the App may do, for as long as the key is listed on its page.',
    '',
  ].join('\n');
}

function forPeople({ user, git_url }: Access): string[] {
  if (!user) return [];
  return [
    '   It acts for people: on its page tick "Enable Device Flow", leave "Expire user authorization tokens" ticked,',
    `   take the client ID (${user.client_id} in the config), generate a client secret, and store it:`,
    `     ${user.client_secret}`,
    `   Each person signs in by a code at ${git_url}/login/device when jit asks for it.`,
  ];
}

function storing(reference: string): string[] {
  const item = /^keychain:([^/]+)\/(.+)$/.exec(reference);
  if (item)
    return [
      `     secret-tool store --label=jit service ${item[1]} username ${item[2]} < app.private-key.pem`,
    ];
  const file = /^file:(.+)$/.exec(reference);
  return file ? [`     install -m 600 app.private-key.pem ${file[1]}`] : [];
}
