// A long-lived access key as the keychain holds it, and the forms in which people have one. Must not: tell any of it in an
// error, except names of profiles.

import { JitError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import type { Instant } from '../../core/time.ts';
import type { Keys } from './sessions.ts';

/** null: nobody told an end, as with every long-lived key. */
export interface AccessKey extends Keys {
  readonly expiresAt: Instant | null;
}

type Fields = Readonly<Record<string, unknown>>;

const forms =
  'the JSON that "aws iam create-access-key" or "aws configure export-credentials" prints, or the lines of ~/.aws/credentials';

/** What {@link storedForm} wrote; null when `text` is nothing like it. */
export function storedKeys(text: string): AccessKey | null {
  return keysOf(jsonFields(text));
}

/** As `credential_process` prints it, which is how the broker reads it. */
export function storedForm({ accessKeyId, secretAccessKey, sessionToken, expiresAt }: AccessKey): Secret {
  return new Secret(
    JSON.stringify({
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey.reveal(),
      ...(sessionToken ? { SessionToken: sessionToken.reveal() } : {}),
      ...(expiresAt === null ? {} : { Expiration: new Date(expiresAt).toISOString() }),
    }),
  );
}

/**
 * The access key in what a person has: JSON of AWS's tools, or lines `name = value` with or without profiles.
 * @param profile which one of several; null: the only one
 * @throws JitError `ERR_USAGE` when there is none, when there are several, or when it cannot be one
 */
export function importKeys(text: string, profile: string | null): AccessKey {
  const trimmed = text.trim();
  const keys = trimmed.startsWith('{')
    ? keysOf(jsonFields(trimmed))
    : keysOf(profileFields(trimmed, profile));
  if (!keys) {
    const where = profile === null ? '' : ` in profile "${profile}"`;
    throw new JitError('ERR_USAGE', `there is no AWS access key${where} in what was given`, { hint: forms });
  }
  checkShape(keys);
  return keys;
}

/** IAM API reference, AccessKey: AKIA for long-lived keys, ASIA for those of STS; the secret has 40 characters. */
function checkShape({ accessKeyId, secretAccessKey, sessionToken }: Keys): void {
  if (!/^(AKIA|ASIA)[A-Z0-9]{12,124}$/.test(accessKeyId)) {
    throw new JitError(
      'ERR_USAGE',
      'this is no access key id: it has to begin with AKIA, or ASIA for a temporary key',
      {
        hint: 'the id comes first, the secret access key second',
      },
    );
  }
  if (!/^[A-Za-z0-9/+=]{40}$/.test(secretAccessKey.reveal())) {
    throw new JitError(
      'ERR_USAGE',
      'this is no secret access key: it has to have 40 letters, digits, "/", "+" and "="',
      {
        hint: 'copy it whole; AWS shows it only when the access key is made',
      },
    );
  }
  if (accessKeyId.startsWith('ASIA') && !sessionToken) {
    throw new JitError('ERR_USAGE', 'a temporary access key (ASIA…) is of no use without its session token', {
      hint: 'make a long-lived one (AKIA…) for the broker: aws iam create-access-key',
    });
  }
}

function keysOf(fields: Fields | null): AccessKey | null {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = fields ?? {};
  if (typeof AccessKeyId !== 'string' || typeof SecretAccessKey !== 'string') return null;
  const end = typeof Expiration === 'string' ? Date.parse(Expiration) : Number.NaN;
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: new Secret(SecretAccessKey),
    sessionToken: typeof SessionToken === 'string' && SessionToken !== '' ? new Secret(SessionToken) : null,
    expiresAt: Number.isNaN(end) ? null : end,
  };
}

/** Bare, or inside of what IAM and STS wrap it in. */
function jsonFields(text: string): Fields | null {
  try {
    const found = JSON.parse(text) as Fields | null;
    const inner = found?.['AccessKey'] ?? found?.['Credentials'];
    return typeof inner === 'object' && inner !== null ? (inner as Fields) : found;
  } catch {
    // The parser's own message would quote the secret.
    return null;
  }
}

const nameOf: Readonly<Record<string, string>> = {
  accesskeyid: 'AccessKeyId',
  secretaccesskey: 'SecretAccessKey',
  sessiontoken: 'SessionToken',
};

function profileFields(text: string, wanted: string | null): Fields | null {
  const profiles = new Map<string, Record<string, string>>();
  let profile = '';
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[\s*(?:profile\s+)?([^\]]*?)\s*\]/.exec(line);
    if (section) profile = section[1] ?? '';
    const [, key = '', value = ''] =
      /^\s*(?:export\s+)?(\w+)\s*[=:]\s*["']?(.*?)["']?\s*;?\s*$/.exec(line) ?? [];
    const name = nameOf[key.toLowerCase().replace(/^aws_/, '').replaceAll('_', '')];
    if (name !== undefined) profiles.set(profile, { ...profiles.get(profile), [name]: value });
  }
  if (wanted !== null) return profiles.get(wanted) ?? null;
  if (profiles.size > 1) {
    const names = [...profiles.keys()].map((name) => `"${name}"`).join(', ');
    throw new JitError('ERR_USAGE', `there are access keys of several profiles: ${names}`, {
      hint: 'say which one with --profile',
    });
  }
  return [...profiles.values()][0] ?? null;
}
