// From a reference in the config to the secret behind it. Owns: reading it, once per call, never keeping it.
// Must not: put a value or a program's output into an error.

import { type ErrorCode, JitError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { parseSecretReference, type SecretReference } from '../core/secret-reference.ts';
import type { Milliseconds } from '../core/time.ts';
import { commandEnvironment, isSteeringVariable } from './environment.ts';
import { readErrnoHint, readErrnoText } from './errno.ts';
import { readPrivateFile } from './files.ts';
import type { Keychain } from './keychain.ts';
import { runForSecret } from './run-for-secret.ts';

/** What a resolver works with. */
export interface SecretResolverOptions {
  /** The broker's environment, already reduced to what may pass. */
  readonly env: NodeJS.ProcessEnv;
  readonly keychain: Keychain;
  /** Longest run of a `command:`; 10 s when not given. */
  readonly timeout?: Milliseconds;
  /** Told of every value that was read, so that logs can be filtered. */
  readonly onSecret?: (secret: Secret) => void;
}

const largest = 65_536;

/**
 * A function from reference to secret. Nothing is cached: a rotated password is found at the next call.
 * It throws JitError `ERR_CONFIG` when the text is no reference, `ERR_SECRET_UNAVAILABLE` when there is no
 * secret to be had, with what to do about it.
 */
export function createSecretResolver(options: SecretResolverOptions): (reference: string) => Promise<Secret> {
  return async (text) => {
    const secret = await read(parseSecretReference(text), options);
    options.onSecret?.(secret);
    return secret;
  };
}

async function read(reference: SecretReference, options: SecretResolverOptions): Promise<Secret> {
  switch (reference.kind) {
    case 'keychain':
      return readKeychain(reference.service, reference.account, options.keychain);
    case 'env':
      return readVariable(reference.name, options.env);
    case 'file':
      return readFile(reference.path);
    case 'command':
      return readCommand(reference.program, reference.args, options);
  }
}

async function readKeychain(service: string, account: string, keychain: Keychain): Promise<Secret> {
  const secret = await keychain.get(service, account);
  if (secret) return notEmpty(secret.reveal(), `keychain item "${service}/${account}"`);
  throw unavailable(
    `the keychain has no item "${service}/${account}"`,
    `put it there: jit secret set keychain:${service}/${account} (with --aws for an access key of AWS)`,
  );
}

function readVariable(name: string, env: NodeJS.ProcessEnv): Secret {
  const value = env[name];
  if (value !== undefined) return notEmpty(value, `environment variable "${name}"`);
  const hint = isSteeringVariable(name)
    ? 'choose another name: variables that steer programs are kept from the broker'
    : `export ${name}, then restart the broker: jit broker stop`;
  throw unavailable(`environment variable "${name}" is not set`, hint);
}

function readFile(path: string): Secret {
  try {
    return notEmpty(decode(readPrivateFile(path, largest), `file "${path}"`), `file "${path}"`);
  } catch (error) {
    if (error instanceof JitError) throw new JitError('ERR_SECRET_UNAVAILABLE', error.message, hintOf(error));
    const hint = readErrnoHint(error, 'check the path in the config');
    throw unavailable(`file "${path}" cannot be read: ${readErrnoText(error)}`, hint);
  }
}

async function readCommand(
  program: string,
  args: readonly string[],
  { env, timeout = 10_000 }: SecretResolverOptions,
): Promise<Secret> {
  const run = await runForSecret(program, args, { env: commandEnvironment(env), timeout, largest });
  const name = `command "${program}"`;
  if (run.outcome === 'ok') return notEmpty(decode(run.stdout, name), name);
  throw unavailable(`${name} gave no secret: ${run.why}`, 'run the command in a terminal to see why');
}

/** UTF-8 text without the one newline that editors and programs end it with. */
function decode(bytes: Buffer, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes).replace(/\r?\n$/, '');
  } catch {
    throw unavailable(`${where} does not hold text in UTF-8`, 'store the secret as one line of text');
  }
}

function notEmpty(value: string, where: string): Secret {
  if (value === '') throw unavailable(`${where} is empty`, 'store the secret there');
  if (value.includes('\0'))
    throw unavailable(`${where} holds a NUL byte`, 'store the secret as one line of text');
  return new Secret(value);
}

function hintOf(error: JitError): { hint?: string } {
  return error.hint === undefined ? {} : { hint: error.hint };
}

function unavailable(message: string, hint: string): JitError {
  const code: ErrorCode = 'ERR_SECRET_UNAVAILABLE';
  return new JitError(code, message, { hint });
}
