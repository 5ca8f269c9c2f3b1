#!/usr/bin/env node
'use strict';
// The `jit` command. Owns: checking the Node version before anything newer is parsed. Must not: load more than the bundle.

const needed = [22, 19];

function isOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major < needed[0] || (major === needed[0] && minor < needed[1]);
}

function fail(line) {
  process.stderr.write(`jit: error: ${line}\n`);
  process.exit(1);
}

function packageFolder() {
  return require('node:path').dirname(__dirname);
}

/** Runs this file again on the Node that the repository brought along, as if it had been the first. */
function runOnBundledNode() {
  const node = `${packageFolder()}/node_modules/node/bin/node`;
  if (!require('node:fs').existsSync(node)) {
    fail(`jit needs Node ${needed.join('.')} or newer, this is ${process.versions.node}`);
  }
  // Before there is a child: a signal that ended this process alone would leave it behind. The first two the terminal sends
  // to the child by itself; a second copy would look like a second Ctrl-C.
  for (const signal of ['SIGINT', 'SIGQUIT']) process.on(signal, () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  const child = require('node:child_process').spawn(node, [__filename, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  child.on('error', (error) => fail(`cannot run "${node}": ${error.message}`));
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

if (isOldNode()) {
  runOnBundledNode();
} else {
  // Asked only after a failure: the check would cost every start.
  try {
    require('../dist/jit.cjs');
  } catch (error) {
    const isBuilt = require('node:fs').existsSync(`${packageFolder()}/dist/jit.cjs`);
    if (error.code !== 'MODULE_NOT_FOUND' || isBuilt) throw error;
    fail('not built yet; run: npm run build');
  }
}
