// Brings what tests meet and no package of npm has into a folder of the checkout, which git ignores: real AWS clients and
// the server for them, an outside verifier of audit logs, newer shells and prompts than the system has.
// Registries, proxies and caches are those of pip's and Go's own settings. Nothing is done that was done before.

import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { bringDebian, noDebian, OutOfReach } from './peers-debian.js';
import { capture, must, ScriptError, say } from './process.js';
import { digestOf, isFresh, root, writeStamp } from './stamp.js';

const folder = '.cache/peers';
const requirements = 'test/peers/requirements.txt';
/** Where the archives of go.dev are unpacked to, and no PATH of a service looks. */
const usualGo = '/usr/local/go/bin/go';

/**
 * @returns {Promise<number>} the exit code: 0 when all is there.
 * @throws {ScriptError} that names what is missing; what does not depend on it is brought all the same.
 */
export async function bringPeers() {
  const outcomes = await Promise.allSettled([
    bring('python', [requirements], 'moto, boto3 and the AWS CLI', python),
    bring('go', ['test/peers/go'], "the Go SDK's client", (place, what) => go('go', place, what)),
    bring('tlog', ['test/peers/tlog'], "Go's verifier of logs", (place, what) => go('tlog', place, what)),
    debian(),
  ]);
  const failures = outcomes.flatMap(({ reason }) => (reason === undefined ? [] : [reason]));
  const unknown = failures.find((failure) => !(failure instanceof ScriptError));
  if (unknown) throw unknown;
  if (failures.length > 0) throw new ScriptError(failures.map(({ message }) => message).join('\nerror: '));
  say('peers: ready');
  return 0;
}

/** Worth having, and not worth failing for where Debian's packages cannot be had. */
async function debian() {
  const what = 'fish 4 and starship of Debian';
  const without = (why) => say(`peers: going on without ${what}: ${why}`);
  const notHere = noDebian();
  if (notHere !== null) return without(notHere);
  await bring('debian', ['scripts/peers-debian.js'], what, bringDebian).catch((failure) => {
    if (!(failure instanceof OutOfReach)) throw failure;
    without(failure.message);
  });
}

/** Into a folder of its own, unless its stamp says that it was done for these inputs. */
async function bring(name, inputs, what, install) {
  const place = path.join(root, folder, name);
  const stamp = `${folder}/${name}/.made-from`;
  // Programs know by their whole path where they are.
  const digest = `${digestOf(inputs)} ${place}`;
  if (isFresh(stamp, digest)) return;
  rmSync(place, { recursive: true, force: true });
  say(`peers: bringing ${what}`);
  await install(place, what);
  writeStamp(stamp, digest);
}

/** Wheels with the hashes of the list only: no code of a package runs to install it. */
async function python(place, what) {
  const hint = 'Python >= 3.10 with venv is needed (Debian: python3-venv)';
  await must('python3', ['-m', 'venv', place], {}, what, hint);
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
  const exact = ['--require-hashes', '--only-binary', ':all:', '--requirement', requirements];
  await must(path.join(place, 'bin/python'), ['-m', 'pip', 'install', ...quiet, ...exact], {}, what, hint);
}

async function go(folder, place, what) {
  const inPath = (await capture('go', ['version'])).code === 0;
  const program = inPath || !existsSync(usualGo) ? 'go' : usualGo;
  const args = [
    'build',
    '-trimpath',
    '-buildvcs=false',
    '-ldflags=-s -w',
    '-o',
    path.join(place, 'client'),
    '.',
  ];
  const cwd = path.join(root, 'test/peers', folder);
  await must(program, args, { cwd }, what, 'Go >= 1.24 is needed, or >= 1.21, which fetches that by itself');
}
