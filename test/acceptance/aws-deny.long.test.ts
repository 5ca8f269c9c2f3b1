// A session that is taken back: clients that already hold its keys are refused by the server itself.
//
// moto ignores conditions, so that our Deny hits every session of the role there, and its refusals do not say "explicit
// deny", so that jit does not take them for proof. That another session goes on, and that jit sees the Deny at work, is
// shown on the fake (test/providers/aws/revoke.test.ts).

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { GetRolePolicyCommand, ListRolePoliciesCommand } from '@aws-sdk/client-iam';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Kept, keepGrant, serveAws } from '../support/aws-user.ts';
import { type Call, noPeers, type Peer, peers, readLine } from '../support/peers.ts';
import { until } from '../support/until.ts';

describe.skipIf(noPeers)(
  `a session taken back on moto${noPeers ? ` (skipped: ${noPeers})` : ''}`,
  { timeout: 120_000 },
  () => {
    const served = serveAws();

    /** A process that holds the session's keys from its first call on. */
    function holdKeys(kept: Kept, peer: Peer) {
      const child = kept.start(peer.lasting ?? []);
      const ended = once(child, 'close');
      onTestFinished(async () => {
        child.kill('SIGKILL');
        await ended;
      });
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      return {
        name: peer.name,
        async call(name: Call) {
          child.stdin.write(`${name}\n`);
          return readLine((await lines.next()).value ?? '');
        },
      };
    }

    it('is refused to processes that already hold its keys, and jit claims no more than it saw', async () => {
      const { world, admin } = served;
      const kept = await keepGrant(world, 'aws-strict', '--for', '30m');
      const holders = peers.filter((peer) => peer.lasting).map((peer) => holdKeys(kept, peer));
      for (const { name, call } of holders) {
        expect([name, (await call('identity')).said]).toEqual([name, expect.stringContaining(kept.session)]);
        expect([name, (await call('account')).error]).toEqual([name, undefined]);
      }

      const revoking = world.jit('revoke', kept.id);
      for (const { name, call } of holders) {
        const said = await until(async () => {
          const line = await call('account');
          expect([name, line.error]).not.toEqual([name, undefined]);
          return line.error;
        });
        // The Go SDK cannot read moto's words, only the status.
        expect([name, said]).toEqual([name, expect.stringMatching(/AccessDenied|StatusCode: 403/)]);
        // Keys that are denied still tell their name, as AWS does: so it was not their end that refused the call.
        expect([name, (await call('identity')).said]).toEqual([name, expect.stringContaining(kept.session)]);
      }
      const RoleName = 'jit-deploy';
      const { PolicyNames = [] } = await admin.send(new ListRolePoliciesCommand({ RoleName }));
      const PolicyName = PolicyNames.find((name) => name.startsWith('jit-deny-sessions-')) ?? '';
      const { PolicyDocument = '' } = await admin.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
      const [lease] = kept.session.split('+').slice(-1);
      expect(JSON.parse(decodeURIComponent(PolicyDocument)).Statement).toEqual([
        expect.objectContaining({
          Effect: 'Deny',
          Action: '*',
          Resource: '*',
          Condition: { StringEquals: { 'aws:PrincipalTag/jit:lease': [lease] } },
        }),
      ]);

      const { code, stderr } = await revoking;
      expect([code, stderr]).toEqual([1, expect.stringContaining('could not be revoked yet')]);
    });
  },
);
