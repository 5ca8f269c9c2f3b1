// Reads a configuration file from disk. Heavy: brings the YAML parser and all schemas.

import { readFileSync } from 'node:fs';
import { JitError } from '../core/errors.ts';
import { type LoadedConfig, loadConfig } from '../policy/load.ts';
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
  return loadConfig({ path, text: readFile(path), kinds, readFile });
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const absent = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const why = absent ? 'there is no such file' : 'it cannot be read';
    throw new JitError('ERR_CONFIG', `cannot load the configuration "${path}": ${why}`, {
      hint: absent ? 'jit init' : `check the permissions of ${path}`,
      cause,
    });
  }
}
