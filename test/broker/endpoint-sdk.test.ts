// The AWS SDK for JavaScript as a client: what it sends passes the guards, and what it gets is what it reads.

import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fromHttp } from '@aws-sdk/credential-providers';
import { expect, onTestFinished, test } from 'vitest';
import { type EndpointOwner, openEndpointServer } from '../../src/broker/endpoint-server.ts';
import { Secret } from '../../src/core/secret.ts';
import { writeFleetingFile } from '../../src/system/files.ts';
import { systemRandom } from '../../src/system/random.ts';

const keys = {
  AccessKeyId: 'ASIAEXAMPLE',
  SecretAccessKey: 's',
  Token: 't',
  Expiration: '2030-01-01T00:00:00Z',
};

async function connect(answer: EndpointOwner['answer']) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'jit-sdk-'));
  const refused: string[] = [];
  const owner = { answer, served: () => undefined, refused: (why: string) => void refused.push(why) };
  const server = await openEndpointServer(owner, systemRandom);
  onTestFinished(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });
  const file = path.join(folder, 'token');
  writeFleetingFile(file, server.token.reveal());
  const provide = fromHttp({
    awsContainerCredentialsFullUri: server.url,
    awsContainerAuthorizationTokenFile: file,
    maxRetries: 0,
  });
  return { provide, refused };
}

test('it reads the credential', async () => {
  const { provide, refused } = await connect(() => new Secret(JSON.stringify(keys)));
  expect(await provide()).toMatchObject({
    accessKeyId: 'ASIAEXAMPLE',
    secretAccessKey: 's',
    sessionToken: 't',
    expiration: new Date(keys.Expiration),
  });
  expect(refused).toEqual([]);
});

test('it tells that the grant has ended, and what to do', async () => {
  const { provide, refused } = await connect(() => null);
  await expect(provide()).rejects.toMatchObject({
    message: expect.stringContaining('410'),
    Code: 'GrantEnded',
    Message: expect.stringContaining('jit elevate'),
  });
  expect(refused).toEqual(['ended']);
});
