// The server of `elevate-aws`, in a process of its own, because the bench waits for its programs without serving anybody.
// A program; it prints one line of JSON, how to reach it and as whom, and ends with its standard input.

import { once } from 'node:events';
import { createFakeAwsUser } from '../test/support/fake-aws-user.ts';

const { aws, world, key, roleArn } = await createFakeAwsUser();
process.stdout.write(
  `${JSON.stringify({ env: world.env, folder: world.dir, url: aws.url, key, roleArn })}\n`,
);
process.stdin.resume();
await once(process.stdin, 'end');
await world.remove();
await aws.close();
