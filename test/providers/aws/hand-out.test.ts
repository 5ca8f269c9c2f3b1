// What a child gets: references by default, nothing of the user's that would win over them, keys only when asked for.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fromProcess } from '@aws-sdk/credential-providers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { quoted } from '../../../src/broker/helper-command.ts';
import { type AwsHandle, awsKind } from '../../../src/providers/aws/index.ts';
import type { Issued } from '../../../src/providers/provider.ts';
import { type AwsWorld, awsWorld, minute } from '../../support/aws-target.ts';

let world: AwsWorld;
let issued: Issued<AwsHandle>;
beforeEach(async () => {
  world = await awsWorld();
  issued = await world.issue({ length: 5 * minute });
});
afterEach(() => world.close());

describe('the hand-out of AWS', () => {
  it('puts no key into the environment or a file unless asked', () => {
    const session = world.aws.account.live()[0];
    const { env, files } = issued.handOut;
    const all = JSON.stringify([env, files.map((file) => file.content.reveal())]);
    expect(all).not.toContain(session?.secretAccessKey);
    expect(all).not.toContain(session?.accessKeyId);
    expect(JSON.stringify(issued)).not.toContain(session?.secretAccessKey);
  });

  it('names region, target and end', () => {
    const end = new Date(issued.handle.deadline).toISOString().replace(/\.\d{3}/, '');
    expect(issued.handOut.env).toMatchObject({
      AWS_REGION: 'eu-west-1',
      AWS_DEFAULT_REGION: 'eu-west-1',
      AWS_VAULT: 'aws-prod',
      AWS_CREDENTIAL_EXPIRATION: end,
    });
  });

  it('answers the four fields that every SDK reads, ending with the grant and not with the keys', () => {
    const answer = JSON.parse(issued.handOut.endpoints?.[0]?.answer().reveal() ?? '');
    expect(Object.keys(answer).sort()).toEqual(['AccessKeyId', 'Expiration', 'SecretAccessKey', 'Token']);
    expect(Date.parse(answer.Expiration)).toBeLessThanOrEqual(issued.handle.deadline);
    expect(issued.expiresAt).toBeGreaterThan(issued.handle.deadline);
  });

  it('removes what would win, and keeps the user’s own files out of the way', () => {
    const { unset, files } = issued.handOut;
    expect(unset).toEqual(
      expect.arrayContaining(['AWS_PROFILE', 'AWS_ACCESS_KEY_ID', 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI']),
    );
    expect(files.map((file) => file.variable)).toEqual(['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']);
    expect(files.every((file) => !/key|secret/i.test(file.content.reveal()))).toBe(true);
  });

  it('exports keys that AWS takes', () => {
    const keys = issued.handOut.exports['env'] ?? {};
    const session = world.aws.account.identities.get(keys['AWS_ACCESS_KEY_ID']?.reveal() ?? '');
    expect(keys['AWS_SECRET_ACCESS_KEY']?.reveal()).toBe(session?.secretAccessKey);
    expect(keys['AWS_SESSION_TOKEN']?.reveal()).toBe(session?.token);
  });

  it('gives helper programs what credential_process prints, ending with the grant', () => {
    const answer = issued.handOut.helpers?.['aws']?.() ?? {};
    expect(Object.keys(answer)).toEqual([
      'Version',
      'AccessKeyId',
      'SecretAccessKey',
      'SessionToken',
      'Expiration',
    ]);
    expect(answer['Version']).toBe(1);
    const session = world.aws.account.identities.get(String(answer['AccessKeyId']));
    expect(answer['SecretAccessKey']).toBe(session?.secretAccessKey);
    expect(Date.parse(String(answer['Expiration']))).toBeLessThanOrEqual(issued.handle.deadline);
    world.aws.advance(5 * minute);
    expect(() => issued.handOut.helpers?.['aws']?.()).toThrowError(/has ended/);
  });

  it('has no profile where nobody says how jit is run', () => {
    expect(issued.handOut.files[0]?.content.reveal()).toBe('[default]\nregion = eu-west-1\n');
  });

  it('has every kind of export that it says it has', () => {
    expect(Object.keys(issued.handOut.exports)).toEqual(world.provider.exports);
  });
});

describe('the profile "jit"', () => {
  /** A program in a path that has to be quoted, which tells its arguments. */
  function program(name: string): { word: string; folder: string } {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'jit helper-'));
    const file = path.join(folder, name);
    const answer = '{"Version":1,"AccessKeyId":"ASIAPLANTED","SecretAccessKey":"s","SessionToken":"%s"}';
    writeFileSync(file, `#!/bin/sh\nprintf '${answer}' "$(echo "$@" | tr ' ' '+')"\n`, { mode: 0o700 });
    return { word: quoted(file) ?? '', folder };
  }

  it.each(['jit', "o'clock", 'a "b" $HOME `x`'])(
    'is asked by the SDK for JavaScript, also in a path with %s',
    async (name) => {
      const { word, folder } = program(name);
      const tools = { ...world.tools, helperCommand: word };
      const provider = awsKind.open(world.target, tools);
      const wanted = world.request();
      const { handOut } = await provider.issue(
        provider.plan(wanted).handle,
        wanted,
        AbortSignal.timeout(9_000),
      );
      const file = path.join(folder, 'config');
      writeFileSync(file, handOut.files[0]?.content.reveal() ?? '');
      const provide = fromProcess({ profile: 'jit', configFilepath: file, filepath: '/dev/null' });
      try {
        expect(await provide()).toMatchObject({
          accessKeyId: 'ASIAPLANTED',
          sessionToken: `credential+aws+--grant+${wanted.grant}`,
        });
        // The default profile asks the endpoint and nobody else.
        const own = fromProcess({ profile: 'default', configFilepath: file, filepath: '/dev/null' });
        await expect(own()).rejects.toThrow();
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
