// Reads a configuration file from disk. Heavy: brings the YAML parser and all schemas.

import { JitError } from '../core/errors.ts';
import { type LoadedConfig, loadConfig } from '../policy/load.ts';
import { errnoOf, errnoText, readErrnoText } from '../system/errno.ts';
import { readTrustedFile } from '../system/files.ts';
import type { ProviderSchema } from './providers.ts';

/**
 * Reads and checks the configuration at `path`.
 * @param beforeRead told of each file before it is read
 * @throws JitError `ERR_CONFIG`
 */
export function readConfig(
  path: string,
  kinds: readonly ProviderSchema[],
  beforeRead: (file: string) => void = () => undefined,
): LoadedConfig {
  const readFile = (file: string): Uint8Array => {
    beforeRead(file);
    return readBytes(file);
  };
  return loadConfig({ path, text: readFile(path), kinds, readFile, whyUnread });
}

/** As {@link readBytes} threw it: what the system said, or what is unsafe about the file. */
function whyUnread(thrown: unknown): string | null {
  if (!(thrown instanceof JitError)) return null;
  return thrown.cause instanceof JitError ? thrown.cause.message : readErrnoText(thrown.cause);
}

/** Larger than any configuration; the loader names its own limit. */
const largest = 2 * 1024 * 1024;

function readBytes(path: string): Uint8Array {
  try {
    return readTrustedFile(path, largest);
  } catch (cause) {
    if (cause instanceof JitError) {
      const hint = cause.hint === undefined ? {} : { hint: cause.hint };
      throw new JitError('ERR_CONFIG', cause.message, { ...hint, cause });
    }
    const absent = errnoOf(cause) === 'ENOENT';
    const why = absent ? 'there is no such file' : errnoText(cause);
    throw new JitError('ERR_CONFIG', `cannot load the configuration "${path}": ${why}`, {
      hint: absent ? 'jit init' : `check the permissions of ${path}`,
      cause,
    });
  }
}
