// Four real clients of AWS beside moto: each acts as the session that jit made, and hears when the grant has ended.

import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { keepGrant, serveAws } from '../support/aws-user.ts';
import { account } from '../support/moto.ts';
import { noPeers, type Peer, peers } from '../support/peers.ts';
import { recordAnswers } from '../support/recorder.ts';
import { finish, me } from '../support/world.ts';

const user = me.slice('user:'.length);
const urlVariable = 'AWS_CONTAINER_CREDENTIALS_FULL_URI';
const launcher = path.join(import.meta.dirname, '../../bin/jit.js');

describe.skipIf(noPeers)(
  `real clients of AWS${noPeers ? ` (skipped: ${noPeers})` : ''}`,
  { timeout: 120_000 },
  () => {
    const served = serveAws();

    /** The lease that a session is named after. */
    function leaseOf(arn: string): string | undefined {
      const form = new RegExp(`^arn:aws:sts::${account}:assumed-role/jit-look/${user}\\+(l[a-z0-9]{8,})$`);
      return form.exec(arn)?.[1];
    }

    it('are shown the name of the session by aws sts get-caller-identity', async () => {
      const { world } = served;
      const command = ['aws-prod', '--for', '30m', '--', 'aws', 'sts', 'get-caller-identity'];
      const child = spawn(process.execPath, [launcher, 'elevate', ...command], {
        env: world.env,
        cwd: world.dir,
        stdio: 'pipe',
      });
      const ran = await finish(child);
      expect(ran).toMatchObject({ code: 0 });
      const lease = leaseOf((JSON.parse(ran.stdout) as { Arn: string }).Arn);
      const log = await world.jit('audit', 'log', '--json');
      const { events } = JSON.parse(log.stdout) as { events: { body: { type: string; lease?: string } }[] };
      const issued = events.filter(({ body }) => body.type === 'lease.issued').map(({ body }) => body.lease);
      expect([lease === undefined, issued]).toEqual([false, [lease]]);
    });

    it.each(peers)('$name acts as the session through the endpoint', async (peer) => {
      const ran = await served.world.jit(
        'elevate',
        'aws-prod',
        '--for',
        '30m',
        '--',
        ...peer.once('identity'),
      );
      expect(ran).toMatchObject({ code: 0 });
      expect(leaseOf(peer.said(ran.stdout))).toBeDefined();
    });

    it.each(peers)('$name acts as the session with exported keys', async (peer) => {
      const flags = ['aws-prod', '--for', '30m', '--export', 'env'];
      const ran = await served.world.jit('elevate', ...flags, '--', ...peer.once('identity'));
      expect(ran).toMatchObject({ code: 0 });
      expect(leaseOf(peer.said(ran.stdout))).toBeDefined();
    });

    it.each(peers)('$name acts as the session with the profile that asks jit for keys', async (peer) => {
      const withProfile = ['env', 'AWS_PROFILE=jit', ...peer.once('identity')];
      const ran = await served.world.jit('elevate', 'aws-prod', '--for', '30m', '--', ...withProfile);
      expect(ran).toMatchObject({ code: 0 });
      expect(leaseOf(peer.said(ran.stdout))).toBeDefined();
    });

    it.each(peers)('$name acts in a grant of a minute, which it takes for nearly over', async (peer) => {
      const ran = await served.world.jit('elevate', 'aws-prod', '--for', '1m', '--', ...peer.once('account'));
      expect(ran).toMatchObject({ code: 0 });
      expect(peer.said(ran.stdout)).toBe(account);
    });

    it('have nothing left of that profile after revoke', async () => {
      const { world } = served;
      const kept = await keepGrant(world, 'aws-prod', '--for', '30m');
      const ask = (peer: Peer) => kept.run(peer.once('identity'), { AWS_PROFILE: 'jit' });
      for (const peer of peers) expect(peer.said((await ask(peer)).stdout)).toContain(kept.session);
      await world.jit('revoke', kept.id);
      for (const peer of peers) {
        const { code, stdout, stderr } = await ask(peer);
        // The profile went with the grant.
        expect([peer.name, code === 0, stdout + stderr]).toEqual([
          peer.name,
          false,
          expect.stringMatching(/has ended|profile.*jit|jit.*profile|load credentials/s),
        ]);
      }
    });

    it('get what the role allows beyond its name, and nothing without a grant', async () => {
      const { world } = served;
      const kept = await keepGrant(world, 'aws-prod', '--for', '30m');
      for (const peer of peers) {
        const ran = await kept.run(peer.once('account'));
        expect([peer.name, ran.code, peer.said(ran.stdout)]).toEqual([peer.name, 0, account]);
      }
      const [program = '', ...args] = peers[0]?.once('account') ?? [];
      const without = { ...world.env, AWS_DEFAULT_REGION: 'eu-west-1', AWS_EC2_METADATA_DISABLED: 'true' };
      const ran = await finish(spawn(program, args, { env: without, stdio: 'pipe' }));
      expect([ran.code !== 0, ran.stderr]).toEqual([true, expect.stringContaining('credentials')]);
    });

    it('are refused by the endpoint from the return of jit revoke on, and act no more', async () => {
      const { world } = served;
      const kept = await keepGrant(world, 'aws-prod', '--for', '30m');
      const doors = await Promise.all(peers.map(() => recordAnswers(kept.env[urlVariable] ?? '')));
      onTestFinished(async () => void (await Promise.all(doors.map((door) => door.close()))));
      const ask = (peer: Peer, index: number) =>
        kept.run(peer.once('identity'), { [urlVariable]: doors[index]?.url });

      for (const [index, peer] of peers.entries()) {
        const { stdout } = await ask(peer, index);
        expect(peer.said(stdout)).toContain(kept.session);
        expect([peer.name, doors[index]?.statuses]).toEqual([peer.name, [200]]);
      }

      await world.jit('revoke', kept.id);
      // They try up to four times, a second apart, before they give up: that is theirs, and nothing turns it off. The
      // first answer already was the refusal.
      const after = await Promise.all(peers.map(ask));
      for (const [index, { code, stdout, stderr }] of after.entries()) {
        const { name } = peers[index] ?? {};
        const answers = doors[index]?.statuses.slice(1);
        expect([name, code === 0, answers?.[0]]).toEqual([name, false, 410]);
        expect([name, answers]).not.toEqual([name, expect.arrayContaining([200])]);
        // The SDK for JavaScript keeps the endpoint's words to itself: it goes on to the next of its sources,
        // which asks the same endpoint again, without the token.
        const words = name === 'SDK for JavaScript' ? 'Could not load credentials' : 'the grant has ended';
        expect([name, stdout + stderr]).toEqual([name, expect.stringContaining(words)]);
      }
    });

    it('may be sent elsewhere by their environment, the broker not', async () => {
      const world = served.another();
      let asked = 0;
      const trap = createServer((_request, reply) => {
        asked += 1;
        reply.writeHead(500).end();
      });
      await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
      onTestFinished(async () => {
        trap.closeAllConnections();
        await new Promise((resolve) => trap.close(resolve));
      });
      const url = `http://127.0.0.1:${(trap.address() as AddressInfo).port}`;
      Object.assign(world.env, {
        AWS_ENDPOINT_URL: url,
        AWS_ENDPOINT_URL_STS: url,
        AWS_ENDPOINT_URL_IAM: url,
        AWS_MAX_ATTEMPTS: '1',
      });
      const show = ['-e', 'process.stdout.write(process.env.AWS_ENDPOINT_URL_STS)'];
      const flags = ['aws-prod', '--for', '30m', '--export', 'env'];
      const ran = await finish(world.start(['elevate', ...flags, '--', process.execPath, ...show]));
      expect(ran).toMatchObject({ code: 0, stdout: url });
      expect(asked).toBe(0);
      await world.jit('elevate', 'aws-prod', '--for', '30m', '--', ...(peers[0]?.once('identity') ?? []));
      expect(asked).toBe(1);
    });
  },
);
