// Brings fish 4 and starship of a newer Debian than most machines have, with the C library that they are made for. Nothing of
// the system changes: apt checks Debian's own signatures and hashes in folders of ours, without root, and no package's script
// runs. Must not: start them through the loader, for then /proc/<pid>/exe would name that one.

import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { must, ScriptError } from './process.js';

const source = 'http://deb.debian.org/debian trixie main';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const programs = {
  fish: { packages: ['fish', 'fish-common'], files: ['fish', 'fish_indent', 'fish_key_reader'] },
  starship: { packages: ['starship'], files: ['starship'] },
};
const libraries = ['libc6', 'libgcc-s1', 'libpcre2-32-0', 'zlib1g'];
/** It gives the programs their loader and libraries, and needs one more. */
const patcher = ['patchelf', 'libstdc++6'];

/** apt has no list of Debian's packages: there is no network, or not all of it. */
export class OutOfReach extends ScriptError {}

/** Why this system cannot have them; null when it can. */
export function noDebian() {
  if (process.platform !== 'linux') return 'this is no Linux';
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  for (const tool of ['apt-get', 'dpkg-deb'])
    if (!folders.some((folder) => existsSync(path.join(folder, tool)))) return `there is no ${tool}`;
  return existsSync(keyring) ? null : `there is no ${keyring}`;
}

/**
 * Into `place`: `fish` and `starship`, each with `usr/bin`, and `lib`.
 * @throws {OutOfReach} when nothing was brought, {ScriptError} that says what else failed
 */
export async function bringDebian(place, what) {
  const hint = 'apt has to reach deb.debian.org';
  const work = path.join(place, 'work');
  const into = (name) => path.join(place, name);
  const settings = aptIn(work);
  const apt = (...args) => must('apt-get', [...settings, ...args], { cwd: work }, what, hint);
  await apt('update').catch(({ message }) => {
    rmSync(place, { recursive: true });
    throw new OutOfReach(message);
  });
  await apt(
    'download',
    ...libraries,
    ...patcher,
    ...Object.values(programs).flatMap(({ packages }) => packages),
  );
  const unpack = async (names, target) => {
    for (const name of names) {
      const file = readdirSync(work).find((each) => each.startsWith(`${name}_`)) ?? name;
      await must('dpkg-deb', ['-x', path.join(work, file), target], {}, what, hint);
    }
  };
  await unpack([...libraries, ...patcher], into('lib'));
  for (const [name, { packages, files }] of Object.entries(programs)) {
    await unpack(packages, into(name));
    await settle(
      files.map((file) => path.join(into(name), 'usr/bin', file)),
      into('lib'),
      what,
    );
  }
  // fish takes its folders from beside itself when both are there; otherwise those of the system's fish.
  symlinkSync('../etc', path.join(into('fish'), 'usr/etc'));
  rmSync(work, { recursive: true });
}

/**
 * Makes the folders of an apt that keeps to `work`; the answer is what to call it with. The system's settings of proxies stay.
 * @public for its test
 */
export function aptIn(work) {
  for (const folder of ['lists/partial', 'cache/archives/partial', 'etc']) {
    mkdirSync(path.join(work, folder), { recursive: true });
  }
  writeFileSync(path.join(work, 'status'), '');
  writeFileSync(path.join(work, 'sources.list'), `deb [signed-by=${keyring} target=Packages] ${source}\n`);
  // Of the system's settings, those that would let unsigned packages through, change the system, or fail here.
  const hooks = ['Pre-Invoke', 'Post-Invoke', 'Post-Invoke-Success'];
  const unsafe = [
    'AllowInsecureRepositories',
    'AllowWeakRepositories',
    'AllowDowngradeToInsecureRepositories',
  ];
  const lines = [
    ...hooks.map((hook) => `#clear APT::Update::${hook};`),
    ...unsafe.map((setting) => `Acquire::${setting} "false";`),
    'APT::Get::AllowUnauthenticated "false";',
    '#clear APT::Default-Release;',
  ];
  writeFileSync(path.join(work, 'apt.conf'), `${lines.join('\n')}\n`);
  const folders = {
    'Dir::State': '.',
    'Dir::State::lists': 'lists',
    'Dir::State::status': 'status',
    'Dir::Cache': 'cache',
    'Dir::Etc': 'etc',
    'Dir::Etc::sourcelist': 'sources.list',
  };
  const paths = Object.entries(folders).map(([name, inside]) => `${name}=${path.join(work, inside)}`);
  const rest = [
    ...['Dir::Etc::sourceparts=/dev/null', 'APT::Sandbox::User=root', 'APT::Update::Error-Mode=any'],
    'Acquire::Retries=3',
  ];
  return [
    '-q',
    '-c',
    path.join(work, 'apt.conf'),
    ...[...paths, ...rest].flatMap((setting) => ['-o', setting]),
  ];
}

/** Has the programs find loader and libraries in `lib`, and tries each. */
async function settle(files, lib, what) {
  const hint = 'is this another architecture than that of "dpkg --print-architecture"?';
  const folder = readdirSync(path.join(lib, 'usr/lib')).find((name) => /-linux-gnu/.test(name)) ?? '';
  const libs = path.join(lib, 'usr/lib', folder);
  const loader = path.join(
    libs,
    readdirSync(libs).find((name) => /^ld(-linux|64).*\.so\.\d$/.test(name)) ?? '',
  );
  const patch = ['--set-interpreter', loader, '--force-rpath', '--set-rpath', libs];
  await must(
    loader,
    ['--library-path', libs, path.join(lib, 'usr/bin/patchelf'), ...patch, ...files],
    {},
    what,
    hint,
  );
  for (const file of files) await must(file, ['--version'], {}, what, hint);
}
