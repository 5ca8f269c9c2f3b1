import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readCoreLimit } from '../../src/system/process-limits.ts';

const hardening = path.resolve('src/system/hardening.ts');
const usual = { PATH: process.env['PATH'], HOME: process.env['HOME'] };

function script(after: string): string {
  return `import { hardenProcess } from ${JSON.stringify(hardening)};
    try { const state = hardenProcess(); ${after} }
    catch (error) { process.stdout.write(JSON.stringify({ code: error.code, message: error.message })); }`;
}

function run(after: string, options: string[] = [], env: Record<string, string | undefined> = {}) {
  const args = [...options, '--input-type=module', '-e', script(after)];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...usual, ...env },
  });
  return JSON.parse(stdout || JSON.stringify({ stderr }));
}

const isRoot = process.getuid?.() === 0;
const echo = `process.stdout.write('ready'); process.stdin.on('data', () => process.stdout.write('!'));`;
const tell = 'process.stdout.write(JSON.stringify(state))';

describe('hardenProcess', () => {
  it('closes every door when the process is started as the broker is', () => {
    expect(run(tell, ['--disable-sigusr1'])).toEqual({
      debugger: 'on',
      environment: 'on',
      cores: 'on',
      undumpable: 'on',
      peercred: 'on',
      endpoints: 'on',
    });
  });

  it('says that the debugger was open when it was', () => {
    expect(run(tell).debugger).toMatch(/^reduced: /);
  });

  it('makes new files 0600', () => {
    expect(run('process.stdout.write(JSON.stringify(process.umask()))')).toBe(0o177);
  });

  it('drops variables that steer libraries, and says so', () => {
    const after = 'process.stdout.write(JSON.stringify({ ...state, left: process.env.PGSSLMODE ?? null }))';
    expect(run(after, [], { PGSSLMODE: 'disable' })).toMatchObject({
      environment: expect.stringMatching(/^reduced: started with 1 variables/),
      left: null,
    });
  });

  it.each([
    ['--require=./x.cjs'],
    ['--inspect=0'],
    ['--import', 'data:text/javascript,1'],
    ['--tls-keylog=/tmp/keys'],
    ['--report-on-signal'],
  ])('refuses to go on under NODE_OPTIONS with %s', (...options) => {
    // Set after the start: an option that works would already have done harm to the test itself.
    const text = `process.env.NODE_OPTIONS = ${JSON.stringify(options.join(' '))};`;
    const args = [
      '--input-type=module',
      '-e',
      `${text} const { hardenProcess } = await import(${JSON.stringify(hardening)});
      try { hardenProcess() } catch (error) { process.stdout.write(error.code) }`,
    ];
    expect(spawnSync(process.execPath, args, { encoding: 'utf8', env: usual }).stdout).toBe(
      'ERR_UNSUPPORTED',
    );
  });

  it('refuses options on the command line of Node as well', () => {
    expect(run(tell, ['--import', 'data:text/javascript,1'])).toMatchObject({ code: 'ERR_UNSUPPORTED' });
  });

  it('keeps the debugger shut on SIGUSR1', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script(echo)], { env: usual });
    onTestFinished(() => void child.kill('SIGKILL'));
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    await once(child.stdout, 'data');
    child.kill('SIGUSR1');
    // The debugger announces itself within a few turns of the event loop when nothing keeps it shut.
    for (let turn = 0; turn < 50; turn += 1) {
      child.stdin.write('?');
      await once(child.stdout, 'data');
    }
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(stderr).toBe('');
  });

  it('hides its environment and memory from other processes of its user', async () => {
    // Root reads everything, so root first becomes somebody else; that makes a process undumpable by itself,
    // which is taken back before the measure is tried.
    const become = isRoot ? 'process.setgroups([]); process.setgid(65534); process.setuid(65534);' : '';
    const text = `const { loadNative } = await import(${JSON.stringify(path.resolve('src/system/native.ts'))});
      const { hardenProcess } = await import(${JSON.stringify(hardening)});
      loadNative(); ${become} loadNative().native.prctl(4, 1, 0, 0, 0);
      process.stdout.write('open');
      process.stdin.once('data', () => process.stdout.write(hardenProcess().undumpable)).on('end', () => {});`;
    const env = { PATH: usual.PATH };
    const child = spawn(process.execPath, ['--input-type=module', '-e', text], { env });
    onTestFinished(() => void child.kill('SIGKILL'));
    const neighbour = isRoot ? { uid: 65534, gid: 65534 } : {};
    const readEnvironment = () =>
      spawnSync('cat', [`/proc/${child.pid}/environ`], { ...neighbour, encoding: 'utf8' }).stdout;
    await once(child.stdout, 'data');
    expect(readEnvironment()).toContain('PATH=');
    child.stdin.write('now');
    const [state] = await once(child.stdout, 'data');
    expect(String(state)).toBe('on');
    expect(readEnvironment()).toBe('');
    expect(readCoreLimit(readFileSync(`/proc/${child.pid}/limits`, 'utf8'))).toBe(0);
    child.stdin.end();
    await once(child, 'exit');
  });
});

describe('readCoreLimit', () => {
  it('takes the larger of soft and hard, and null for none', () => {
    expect(readCoreLimit('Max core file size        0                    unlimited            bytes')).toBe(
      Infinity,
    );
    expect(readCoreLimit('Max core file size        0                    0                    bytes')).toBe(
      0,
    );
    expect(readCoreLimit('')).toBeNull();
  });
});
