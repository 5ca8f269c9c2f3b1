// What a child gets: references by default, nothing of the user's that would win over them, keys only when asked for.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AwsHandle } from '../../../src/providers/aws/index.ts';
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
});
