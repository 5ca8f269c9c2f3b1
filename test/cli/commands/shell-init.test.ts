import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../fakes/folder.ts';
import { missing } from '../../support/tmux.ts';
import { jit } from '../harness.ts';

const root = path.join(import.meta.dirname, '../../..');

let home: string;
beforeEach(() => {
  home = temporaryFolder();
});

/** The real command: its hooks are the real ones. */
function run(args: readonly string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(root, 'bin/jit.js'), 'shell-init', ...args],
    {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: home, XDG_RUNTIME_DIR: "/run/it's $(x)", ...env },
    },
  );
  return { code: status, stdout, stderr };
}
const hookOf = (shell: string) => path.join(home, '.local/share/jit/shell', `jit.${shell}`);
const read = (file: string) => readFileSync(path.join(home, file), 'latin1');
const line = (shell: string) =>
  `[ -r ~/.local/share/jit/shell/jit.${shell} ] && . ~/.local/share/jit/shell/jit.${shell} # jit shell-init`;

describe('jit shell-init', () => {
  it.each([
    ['bash', '.bashrc'],
    ['zsh', '.zshrc'],
  ])('installs the hook of %s, private, and one line, however often', (shell, rc) => {
    writeFileSync(path.join(home, rc), 'mine \xe9\n', 'latin1');
    expect(run([shell])).toMatchObject({ code: 0, stderr: '' });
    expect(run([shell]).stdout).toContain('loads it already');
    expect(read(rc)).toBe(`mine \xe9\n${line(shell)}\n`);
    expect(statSync(hookOf(shell)).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(hookOf(shell))).mode & 0o777).toBe(0o700);
  });

  it.skipIf(missing('fish'))(
    'installs the hook of fish beside config.fish, to be read at the first prompt',
    () => {
      expect(run(['fish'])).toMatchObject({ code: 0 });
      expect(read('.config/fish/conf.d/jit.fish')).toContain('source ~/.local/share/jit/shell/jit.fish');
      const shell = 'fish';
      execFileSync(shell, ['--no-execute', path.join(home, '.config/fish/conf.d/jit.fish')]);
      expect(run(['fish', '--remove']).code).toBe(0);
      expect(existsSync(path.join(home, '.config/fish/conf.d/jit.fish'))).toBe(false);
    },
  );

  it('leaves a file of fish alone that it has not written', () => {
    const file = path.join(home, '.config/fish/conf.d/jit.fish');
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, 'echo mine\n');
    const ran = run(['fish']);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(
      /cannot be written: it is a file of your own\njit: hint: add this line .*: source /,
    );
    run(['fish', '--remove']);
    expect(readFileSync(file, 'utf8')).toBe('echo mine\n');
  });

  it('writes through the link of a dotfile manager, and keeps the mode', () => {
    mkdirSync(path.join(home, 'dotfiles'));
    writeFileSync(path.join(home, 'dotfiles/bashrc'), `${line('bash').replaceAll('.local', '.old')}\nmine`, {
      mode: 0o640,
    });
    symlinkSync('dotfiles/bashrc', path.join(home, '.bashrc'));
    expect(run(['bash']).code).toBe(0);
    expect(read('dotfiles/bashrc')).toBe(`${line('bash')}\nmine`);
    expect(statSync(path.join(home, 'dotfiles/bashrc')).mode & 0o777).toBe(0o640);
    expect(run(['bash', '--remove']).code).toBe(0);
    expect(read('dotfiles/bashrc')).toBe('mine');
  });

  it('installs the hook and tells the line when the rc file cannot be written', () => {
    mkdirSync(path.join(home, '.bashrc'));
    const ran = run(['bash']);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(`"${home}/.bashrc" cannot be written: it is a folder\n`);
    expect(ran.stderr).toContain(`add this line where bash reads it: ${line('bash')}`);
    expect(existsSync(hookOf('bash'))).toBe(true);
  });

  it('names the hook that cannot be written or removed, and what to do about it', () => {
    mkdirSync(hookOf('bash'), { recursive: true, mode: 0o700 });
    chmodSync(path.dirname(hookOf('bash')), 0o700);
    const written = run(['bash']);
    expect(written.code).toBe(1);
    expect(written.stderr).toBe(
      `jit: error: cannot write the hook "${hookOf('bash')}": it is a folder\n` +
        'jit: hint: set XDG_DATA_HOME to a folder that you may write to\n',
    );
    const removed = run(['bash', '--remove']);
    expect(removed.code).toBe(1);
    expect(removed.stderr).toContain(
      `cannot remove the hook "${hookOf('bash')}": it is a folder\njit: hint: `,
    );
    writeFileSync(path.join(home, 'file'), '');
    const within = run(['bash'], { XDG_DATA_HOME: path.join(home, 'file') });
    expect(within.code).toBe(1);
    expect(within.stderr).toMatch(/cannot make the directory ".*": its folder is no folder\njit: hint: /);
  });

  it('touches no rc file with --no-rc, and nothing at all with --print', () => {
    expect(run(['zsh', '--no-rc']).stdout).toContain(line('zsh'));
    expect(existsSync(path.join(home, '.zshrc'))).toBe(false);
    const other = temporaryFolder();
    const printed = run(['zsh', '--print'], { HOME: other });
    expect(printed.stdout).toBe(readFileSync(hookOf('zsh'), 'utf8'));
    expect(existsSync(path.join(other, '.local'))).toBe(false);
  });

  it('heeds XDG_DATA_HOME and ZDOTDIR, quoted where need be', () => {
    mkdirSync(path.join(home, "it's"));
    const env = { XDG_DATA_HOME: path.join(home, "it's $(touch hit)"), ZDOTDIR: path.join(home, "it's") };
    expect(run(['zsh'], env).code).toBe(0);
    const word = `~/'it'\\''s $(touch hit)/jit/shell/jit.zsh'`;
    expect(read("it's/.zshrc")).toBe(`[ -r ${word} ] && . ${word} # jit shell-init\n`);
    expect(run(['zsh', '--remove'], env).code).toBe(0);
    expect(read("it's/.zshrc")).toBe('');
  });

  it.each(['bash', 'zsh', 'fish'].filter((shell) => !missing(shell)))(
    'names the prompt state in the hook of %s, whatever is in its path',
    (shell) => {
      run([shell]);
      const echo = shell === 'fish' ? 'echo $JIT_STATE_FILE' : 'echo "$JIT_STATE_FILE"';
      const script = `. ${hookOf(shell)}; ${echo}; type jit`;
      const { stdout } = spawnSync(shell, ['-i', '-c', script], {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], HOME: home, TERM: 'dumb' },
        timeout: 20_000,
      });
      expect(stdout).toContain("/run/it's $(x)/jit/prompt\n");
      expect(stdout).toMatch(/jit is a (shell )?function/);
    },
  );

  it('says that nothing is installed, and what belongs together', async () => {
    expect(run(['bash', '--remove']).stdout).toBe('no hook of bash is installed\n');
    expect(existsSync(path.join(home, '.bashrc'))).toBe(false);
    expect(await jit(['shell-init', 'bash', '--print', '--remove'])).toMatchObject({ code: 2, stdout: '' });
  });

  it('knows no hook for other shells, and installs none in PowerShell', async () => {
    const unknown = await jit(['shell-init', 'fihs']);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('did you mean: jit shell-init fish');
    const shell = await jit(['shell-init', 'pwsh']);
    expect(shell.code).toBe(1);
    expect(shell.stderr).toContain('jit shell-init powershell --print');
  });

  it('lets jit doctor notice a hook of another version, and says nothing where none is installed', async () => {
    const env = { HOME: home };
    expect((await jit(['doctor'], { env })).stdout).not.toContain('shell hook');
    mkdirSync(path.dirname(hookOf('zsh')), { recursive: true, mode: 0o700 });
    writeFileSync(hookOf('zsh'), 'old');
    // The hooks of this harness are nowhere, so that nothing can be compared.
    expect((await jit(['doctor'], { env })).stdout).not.toContain('shell hook');
    const hooksDir = path.join(root, 'completions');
    const stale = await jit(['doctor'], { env, hooksDir });
    expect(stale).toMatchObject({ code: 0 });
    expect(stale.stdout).toMatch(/warning\s+shell hook of zsh: of another version.*\n\s+jit shell-init zsh/);
    expect((await jit(['shell-init', 'zsh'], { env, hooksDir })).code).toBe(0);
    expect((await jit(['doctor'], { env, hooksDir })).stdout).toMatch(/ok\s+shell hook of zsh: installed/);
  });
});
