// Shells with unusual settings, and shells that jit has no hook for.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'vitest';
import { missing } from '../support/tmux.ts';
import { useStage } from './stage.ts';

const stage = useStage();
const noBash = missing('tmux', 'bash');

describe.skipIf(noBash)(`bash in odd company${noBash ? ` (skipped: ${noBash})` : ''}`, () => {
  const writeRc = (content: string) => writeFileSync(path.join(stage.scene.home, '.bashrc'), content);

  test('an IFS without a blank does not keep the secrets', async () => {
    writeRc(`PS1='inner> '; IFS=:; set -u\n`);
    const screen = await stage.start({ command: null, shell: 'bash' });
    await screen.waitFor(/^\[prod-db:write 30m\] inner> $/m);
    await stage.scene.endGrant();
    await screen.line(`echo "is=<\${DATABASE_URL-none} \${OTHER_TOKEN-none}>"`);
    await screen.waitFor(/^is=<none none>/m);
  });

  test('Ctrl-C in a slow file of the user costs that file, not the hook', async () => {
    writeRc(`sh -c "echo slow; exec sleep 300"; FROM_RC=yes\n`);
    const screen = await stage.start({ command: null, shell: 'bash' });
    await screen.waitFor(/^slow/m);
    await screen.press('C-c');
    await screen.waitFor(/^\^C\[prod-db:write 30m\] /m);
  });

  test('an array of prompt commands and a prompt that is set anew each time keep the indicator', async () => {
    writeRc(`PROMPT_COMMAND=('count=$((count + 1))' "PS1='inner> '")\n`);
    const screen = await stage.start({ command: null, shell: 'bash' });
    await screen.waitFor(/^\[prod-db:write 30m\] inner> $/m);
    await screen.line('echo "count=$count"');
    await screen.waitFor(/^count=1\n\[prod-db:write 30m\] inner> $/m);
  });

  test('a session inside of a session names the outer grant, and inherits nothing meant for one shell', async () => {
    writeRc(`PS1='inner> '; seen="<\${JIT_NOW-none}>"\n`);
    const screen = await stage.start({ command: null, shell: 'bash' });
    await screen.waitFor(/^\[prod-db:write 30m\] inner> $/m);
    await screen.line('./jit; echo exit=$?');
    await screen.waitFor(/^\[prod-db:write 30m\] inner> $(?![\s\S]*exit=)/m);
    await screen.line(`echo "stack=$JIT_STACK ready=<\${JIT_READY-none}> now=$seen"`);
    await screen.waitFor(new RegExp(`^stack=${stage.scene.grant.id}=prod-db ready=<none> now=<none>`, 'm'));
    await screen.line('exit 3');
    await screen.waitFor(/^exit=3/m);
    await screen.line('echo "outer stack=<$JIT_STACK>"');
    await screen.waitFor(/^outer stack=<>/m);
  });
});

const noZsh = missing('tmux', 'zsh');

describe.skipIf(noZsh)(`zsh with a ZDOTDIR${noZsh ? ` (skipped: ${noZsh})` : ''}`, () => {
  test('reads all files of that folder, and ZDOTDIR is what it was', async () => {
    const zdotdir = path.join(stage.scene.home, 'zsh files');
    mkdirSync(zdotdir);
    writeFileSync(path.join(zdotdir, '.zshenv'), 'ENV_READ=yes\n');
    writeFileSync(path.join(zdotdir, '.zshrc'), `PROMPT='inner> '\n`);
    const screen = await stage.start({ command: null, shell: 'zsh' }, { ZDOTDIR: zdotdir });
    await screen.waitFor(/^\[prod-db:write 30m\] inner> $/m);
    await screen.line(`echo "dir=<$ZDOTDIR> env=$ENV_READ user=<\${JIT_USER_ZDOTDIR-none}>"`);
    await screen.waitFor(/^dir=<.*\/home\/zsh files> env=yes user=<none>/m);
  });
});

const noTmux = missing('tmux');

describe.skipIf(noTmux)(`a shell that jit has no hook for${noTmux ? ` (skipped: ${noTmux})` : ''}`, () => {
  test('is announced, and closed with the grant', async () => {
    const screen = await stage.start({ command: null, shell: '/bin/sh', graceMs: 1000 });
    await screen.waitFor(/^jit: jit has no prompt hook for/m);
    await screen.waitFor(/^outer\$ $/m);
    await stage.scene.endGrant();
    await screen.waitFor(/exit=124/);
  });
});
