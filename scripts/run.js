// The one door to the repository's tasks: `node scripts/run.js <task> [arguments]`, on Node >= 20.
// Owns: setting up first, then running the task on the right Node. package.json names the tasks for npm.

import { ScriptError, say } from './process.js';

async function main([name, ...args]) {
  const major = Number(process.versions.node.split('.')[0]);
  if (process.platform === 'win32') throw new ScriptError('Windows is not supported; WSL is');
  if (major < 20) throw new ScriptError(`Node >= 20 is needed, this is ${process.version}`);
  const { tasks } = await import('./tasks.js');
  const task = Object.hasOwn(tasks, name ?? '') ? tasks[name] : undefined;
  if (!task)
    throw new ScriptError(`usage: node scripts/run.js <${Object.keys(tasks).join('|')}> [arguments]`);
  const { setUp } = await import('./setup.js');
  return task(await setUp(), args);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ScriptError)) throw error;
  say(`error: ${error.message}`);
  process.exitCode = 1;
}
