// The strict baseline of `elevate-aws`: one Node that asks for one session as the broker does, and nothing else.
// A program; configured by the SDK's own variables, argument: the role's ARN.

import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';

const client = new STSClient({});
const { Credentials } = await client.send(
  new AssumeRoleCommand({
    RoleArn: process.argv[2],
    RoleSessionName: 'bare',
    SourceIdentity: 'bare',
    DurationSeconds: 900,
    Tags: [{ Key: 'jit:lease', Value: 'lbare' }],
  }),
);
if (!Credentials?.SessionToken) throw new Error('no session');
client.destroy();
