// What real clients of AWS do in a shell whose grant has ended: fail, and never act as the user's own default profile.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { quotePosix } from '../../src/shell/quote.ts';
import { everything, serveAws } from '../support/aws-user.ts';
import { noPeers, type Peer, peers } from '../support/peers.ts';
import { missing, openTerminal, type Terminal } from '../support/tmux.ts';
import type { World } from '../support/world.ts';

const absent = noPeers ?? missing('tmux');
const patience = { withinMs: 30_000 };
const launcher = path.join(import.meta.dirname, '../../bin/jit.js');

describe.skipIf(absent)(
  `a shell after the end${absent ? ` (skipped: ${absent})` : ''}`,
  { timeout: 120_000 },
  () => {
    const served = serveAws();
    let world: World;
    let own: string;
    beforeAll(async () => {
      if (absent) return;
      const { AccessKeyId, SecretAccessKey } = await addOwnUser();
      own = `[default]\naws_access_key_id = ${AccessKeyId}\naws_secret_access_key = ${SecretAccessKey}\nregion = eu-west-1\n`;
    });
    beforeEach(() => {
      world = served.another();
      const folder = path.join(world.env['HOME'] ?? '', '.aws');
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, 'credentials'), own, { mode: 0o600 });
    });

    async function addOwnUser() {
      const { CreateAccessKeyCommand, CreateUserCommand, PutUserPolicyCommand } = await import(
        '@aws-sdk/client-iam'
      );
      const UserName = 'ada-own';
      await served.admin.send(new CreateUserCommand({ UserName }));
      const PolicyDocument = JSON.stringify(everything);
      await served.admin.send(new PutUserPolicyCommand({ UserName, PolicyName: 'rights', PolicyDocument }));
      const { AccessKey } = await served.admin.send(new CreateAccessKeyCommand({ UserName }));
      return {
        AccessKeyId: AccessKey?.AccessKeyId ?? '',
        SecretAccessKey: AccessKey?.SecretAccessKey ?? '',
      };
    }

    async function openShell(): Promise<Terminal> {
      const set = Object.entries(world.env).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value]],
      );
      const terminal = await openTerminal({
        command: ['bash', '--norc', '--noprofile', '-i'],
        env: { ...Object.fromEntries(set), SHELL: '/bin/bash', PS1: 'outer$ ' },
        cwd: world.dir,
      });
      onTestFinished(() => terminal.close());
      await terminal.waitFor(/outer\$ $/m, patience);
      return terminal;
    }

    let asked = 0;
    /** What a client says in the shell, with its exit code. */
    async function ask(shell: Terminal, { once }: Peer): Promise<string> {
      asked += 1;
      await shell.line(`clear; ${once('identity').map(quotePosix).join(' ')}; echo "end-${asked}=$?"`);
      await shell.waitFor(new RegExp(`^end-${asked}=\\d+`, 'm'), patience);
      return shell.screen();
    }

    const failed = /^end-\d+=([1-9]\d*)/m;

    it.each([['reference'], ['env']])(
      'is asked by every client in vain with --export %s, also when broker and files are gone',
      async (kind) => {
        const shell = await openShell();
        const [first] = peers;
        if (!first) throw new Error('no client');
        expect(await ask(shell, first)).toContain(':user/ada-own');
        const flags = kind === 'env' ? ' --export env' : '';
        await shell.line(
          `${quotePosix(process.execPath)} ${quotePosix(launcher)} elevate aws-prod --for 30m${flags}`,
        );
        await shell.waitFor(/aws-prod:look \d+m\]/, patience);
        expect(await ask(shell, first)).toContain('assumed-role/jit-look');

        await world.jit('revoke', '--all');
        for (const peer of peers) {
          const said = await ask(shell, peer);
          expect([peer.name, said]).toEqual([peer.name, expect.stringMatching(failed)]);
          expect(said).not.toMatch(/arn:aws/);
        }

        await world.jit('broker', 'stop');
        for (const peer of peers) {
          const said = await ask(shell, peer);
          expect([peer.name, said]).toEqual([peer.name, expect.stringMatching(failed)]);
          expect(said).not.toMatch(/arn:aws/);
        }
        await shell.line('exit');
        expect(await ask(shell, first)).toContain(':user/ada-own');
      },
    );
  },
);
