// Bundles a baseline into one file, as jit itself is one: loading many files is no part of what is compared.

import path from 'node:path';
import { buildSync } from 'esbuild';

/** @param name of a file in this folder, without `.ts` @returns the path of the program */
export function bundleBare(name: string, folder: string): string {
  const outfile = path.join(folder, `${name}.mjs`);
  buildSync({
    entryPoints: [path.join(import.meta.dirname, `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  return outfile;
}
