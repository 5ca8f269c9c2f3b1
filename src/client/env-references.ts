// Which environment variables the config reads secrets from, without reading it as a config: the command that
// starts the broker must stay light. Finding too many is harmless, finding too few is not.

import { readFileSync } from 'node:fs';

/** Names in `env:NAME` anywhere in the file, comments included; none when the file cannot be read. */
export function envReferences(configPath: string): string[] {
  let text: string;
  try {
    text = readFileSync(configPath, 'utf8');
  } catch {
    // The broker says what is wrong with the file; here it only means that nothing is passed on.
    return [];
  }
  const names = [...text.matchAll(/\benv:([A-Za-z_][A-Za-z0-9_]*)/g)].map((match) => match[1] ?? '');
  return [...new Set(names)];
}
