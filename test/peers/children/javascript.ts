// The SDK for JavaScript as a client of AWS, as boto.py is with boto3: calls what its arguments name, or with "-" the
// lines of stdin, and prints one line of JSON per call. Reads nothing but the environment.

import { createInterface } from 'node:readline';
import { GetAccessKeyInfoCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

const sts = new STSClient({});

const calls: Readonly<Record<string, () => Promise<string | undefined>>> = {
  identity: async () => (await sts.send(new GetCallerIdentityCommand({}))).Arn,
  account: async () =>
    (await sts.send(new GetAccessKeyInfoCommand({ AccessKeyId: 'ASIAEXAMPLEEXAMPLE00' }))).Account,
};

async function call(name: string): Promise<void> {
  let result: object;
  try {
    result = { call: name, said: await calls[name]?.() };
    process.exitCode = 0;
  } catch (error) {
    result = { call: name, error: describe(error) };
    process.exitCode = 1;
  }
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** An endpoint's own words arrive beside the message. */
function describe(error: unknown): string {
  const { name, message, Message } = error as Error & { Message?: string };
  return [name, message, Message].filter(Boolean).join(': ');
}

for (const name of process.argv.slice(2)) {
  if (name !== '-') await call(name);
  else for await (const line of createInterface({ input: process.stdin })) await call(line.trim());
}
