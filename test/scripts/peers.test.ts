import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../fakes/folder.ts';
import { missing } from '../support/tmux.ts';

const root = path.join(import.meta.dirname, '../..');

test('programs of Debian are for systems with apt: elsewhere the reason is told, and nothing is tried', () => {
  const print = "import('./scripts/peers-debian.js').then((m) => console.log(m.noDebian()))";
  const { stdout } = spawnSync(process.execPath, ['-e', print], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: '/nonexistent' },
  });
  expect(stdout).toMatch(/^(there is no apt-get|this is no Linux)\n$/);
});

const noApt = missing('apt-get');
test.skipIf(noApt)(
  `settings of the system neither let unsigned packages through, nor have its hooks run${noApt ? ` (skipped: ${noApt})` : ''}`,
  () => {
    const folder = temporaryFolder();
    const planted = path.join(folder, 'planted');
    const config = path.join(folder, 'apt.conf');
    const hooks = ['Pre-Invoke', 'Post-Invoke', 'Post-Invoke-Success'];
    const lines = hooks.map((hook) => `APT::Update::${hook} { "touch ${planted}"; };`);
    writeFileSync(
      config,
      [
        ...lines,
        'APT::Default-Release "other";',
        'APT::Get::AllowUnauthenticated "true";',
        'Acquire::AllowInsecureRepositories "true";',
        'Acquire::AllowWeakRepositories "true";',
        'Acquire::http::Proxy::example.org "http://127.0.0.1:9";',
      ].join('\n'),
    );
    const print =
      "import('./scripts/peers-debian.js').then((m) => console.log(m.aptIn(process.argv[1]).join('\\n')))";
    const args = spawnSync(process.execPath, ['-e', print, path.join(folder, 'work')], {
      cwd: root,
      encoding: 'utf8',
    }).stdout.trimEnd();
    const env = { ...process.env, APT_CONFIG: config };
    const { stdout } = spawnSync('apt-config', [...args.split('\n').slice(1), 'dump'], {
      env,
      encoding: 'utf8',
    });
    expect(stdout).toContain('Acquire::http::Proxy::example.org "http://127.0.0.1:9";');
    expect(stdout).not.toContain(planted);
    expect(stdout).not.toMatch(/Release "other"|(?:Unauthenticated|Repositories) "true"/);
    // From nowhere, so that nothing is fetched.
    const nowhere = ['-o', 'Dir::Etc::sourcelist=/dev/null'];
    const { status } = spawnSync('apt-get', [...args.split('\n'), ...nowhere, 'update'], { env });
    expect(status).toBe(0);
    expect(existsSync(planted)).toBe(false);
  },
);

test.skipIf(noApt)(
  `where Debian is out of reach nothing is left half made${noApt ? ` (skipped: ${noApt})` : ''}`,
  () => {
    const folder = temporaryFolder();
    const config = path.join(folder, 'apt.conf');
    // A proxy where nobody listens.
    const proxy = 'Acquire::http::Proxy::deb.debian.org "http://127.0.0.1:9";';
    writeFileSync(config, `${proxy}\nAcquire::Retries "0";\n`);
    const bring = `import('./scripts/peers-debian.js').then((m) => m.bringDebian(process.argv[1], 'it').catch(
      (failure) => console.log(failure instanceof m.OutOfReach, failure.message)))`;
    const place = path.join(folder, 'debian');
    const { stdout } = spawnSync(process.execPath, ['-e', bring, place], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, APT_CONFIG: config },
    });
    expect(stdout).toMatch(/^true cannot bring it: [\s\S]*\napt has to reach deb\.debian\.org\n$/);
    expect(existsSync(place)).toBe(false);
  },
);
