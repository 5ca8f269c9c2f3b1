// Writes what is derived from the source and checked in: JSON Schemas, the reference and manual page of commands,
// completion scripts.
// With --check it writes nothing and fails when a file is not what it would be.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { kinds } from '../src/broker/providers.ts';
import { renderCompletions } from '../src/cli/completion/scripts.ts';
import { renderManPage } from '../src/cli/man.ts';
import { renderCommandsReference } from '../src/cli/reference.ts';
import { registry } from '../src/cli/registry.ts';
import { renderSchemas } from '../src/policy/json-schema.ts';
import { commandProviderSchema } from '../src/providers/command/json-schema.ts';

const root = path.join(import.meta.dirname, '..');
const files: Record<string, string> = {
  'docs/commands.md': renderCommandsReference(),
  'man/jit.1': renderManPage(registry),
  'schema/command-provider.json': `${JSON.stringify(commandProviderSchema(), null, 2)}\n`,
};
for (const [name, text] of Object.entries(renderSchemas(kinds))) files[`schema/${name}`] = text;

const checkedIn = (name: string): string => readFileSync(path.join(root, 'completions', name), 'utf8');
for (const [name, text] of Object.entries(renderCompletions(registry, checkedIn))) {
  files[`completions/${name}`] = text;
}

let stale = 0;
for (const [name, text] of Object.entries(files)) {
  const file = path.join(root, name);
  if (process.argv.includes('--check')) {
    if (current(file) === text) continue;
    stale += 1;
    process.stderr.write(`${name} is not what the source says; run: npm run generate\n`);
  } else {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
process.exitCode = stale === 0 ? 0 : 1;

function current(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
