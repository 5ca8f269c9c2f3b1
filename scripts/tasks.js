// What each task of the repository runs, in order. Every task takes the path of Node and its arguments,
// and answers with an exit code.

import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { bringPeers } from './peers.js';
import { run, ScriptError, say } from './process.js';
import { root } from './stamp.js';

const bin = (name) => path.join(root, 'node_modules/.bin', name);

const checks = [
  { name: 'types', args: [bin('tsc')] },
  { name: 'format and lint', args: [bin('biome'), 'check', '--error-on-warnings'] },
  { name: 'unused code', args: [bin('knip')] },
];

export const tasks = {
  build: (node, args) => run(node, ['scripts/build.js', ...args]),

  async demo(node, args) {
    await built(node);
    return run(node, ['bin/jit.js', 'demo', ...args]);
  },

  /** With arguments: only vitest, with those. Without: everything, and a count at the end. */
  async test(node, args) {
    await built(node);
    await built(node, '--test');
    if (args.length > 0) return run(node, [bin('vitest'), 'run', ...args]);
    const failedChecks = await runChecks(node);
    const { passed, failed } = await runTests(node);
    const allPassed = passed + checks.length - failedChecks;
    const allFailed = failed + failedChecks;
    process.stdout.write(`${allPassed} passed, ${allFailed} failed\n`);
    return allFailed === 0 ? 0 : 1;
  },

  /** Those that kill and disturb at every point: minutes. */
  async long(node, args) {
    await built(node);
    await built(node, '--test');
    process.env.JIT_TESTS = 'long';
    if (args.length > 0) return run(node, [bin('vitest'), 'run', ...args]);
    const { passed, failed } = await runTests(node);
    process.stdout.write(`${passed} passed, ${failed} failed\n`);
    return failed === 0 ? 0 : 1;
  },

  check: async (node) => ((await runChecks(node)) === 0 ? 0 : 1),

  format: (node) => run(node, [bin('biome'), 'check', '--write']),

  generate: (node) => run(node, ['scripts/generate.ts']),

  async bench(node, args) {
    await built(node);
    return run(node, ['bench/run.ts', ...args]);
  },

  async crash(node, args) {
    await built(node, '--test');
    return run(node, ['test/crash/run.ts', ...args]);
  },

  sync: (node, args) => run(node, ['test/sync/run.ts', ...args]),

  tamper: (node, args) => run(node, ['test/tamper/run.ts', ...args]),

  peers: () => bringPeers(),
};

async function built(node, ...args) {
  const code = await run(node, ['scripts/build.js', ...args]);
  if (code !== 0) throw new ScriptError('the build failed');
}

async function runChecks(node) {
  let failed = 0;
  for (const { name, args } of checks) {
    const code = await run(node, args);
    say(`${name}: ${code === 0 ? 'ok' : 'failed'}`);
    if (code !== 0) failed += 1;
  }
  return failed;
}

/** Runs vitest and reads its counts. A run that dies, or leaves something behind, is one more failure. */
async function runTests(node) {
  const report = path.join(root, 'node_modules/.cache/jit/tests.json');
  mkdirSync(path.dirname(report), { recursive: true });
  rmSync(report, { force: true });
  const code = await run(node, [
    bin('vitest'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]);
  const counts = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {};
  const passed = counts.numPassedTests ?? 0;
  const failed = counts.numFailedTests ?? 0;
  const skipped = tellSkipped(counts);
  tellFailed(counts);
  // On a machine that is there to test, what a test needs is installed.
  const bad = failed + (process.env.CI ? skipped : 0);
  return { passed, failed: code !== 0 && bad === 0 ? 1 : bad };
}

/** Says which tests were skipped; their titles, or those of their blocks, hold the reason. */
function tellSkipped(report) {
  const skipped = (report.testResults ?? [])
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'skipped' || status === 'pending');
  const reasons = new Map();
  for (const { ancestorTitles, title } of skipped) {
    const reason = [...ancestorTitles, title].find((text) => text.includes('skipped: ')) ?? title;
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  for (const [reason, count] of reasons) say(`skipped ${count}: ${reason}`);
  return skipped.length;
}

/** Says which tests failed, one line each, where a long output ends. */
function tellFailed(report) {
  for (const { name, assertionResults, message } of report.testResults ?? []) {
    const file = path.relative(root, name);
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    for (const { fullName, failureMessages } of failed) {
      say(`failed: ${file}: ${fullName}: ${firstLine(failureMessages[0])}`);
    }
    if (failed.length === 0 && message) say(`failed: ${file}: ${firstLine(message)}`);
  }
}

const firstLine = (text = '') => text.split('\n', 1)[0];
