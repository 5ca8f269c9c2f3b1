// What is told of an error of AWS.

import { expect, it } from 'vitest';
import { failureOf } from '../../../src/providers/aws/failure.ts';
import type { Access } from '../../../src/providers/aws/handle.ts';

const access = { target: 'aws-prod', credentials: 'default', profile: null, token_file: null } as Access;

it('tells the first line of what AWS said: the next ones repeat the request, with its token', () => {
  const thrown = Object.assign(
    new Error(
      'The signature does not match.\n\nThe Canonical String was\nx-amz-security-token:planted-token',
    ),
    { name: 'SignatureDoesNotMatch', $fault: 'client', $metadata: { httpStatusCode: 403 } },
  );
  const { message } = failureOf(thrown, access, 'assume role "x"');
  expect(message).toContain('SignatureDoesNotMatch: The signature does not match.');
  expect(message).not.toContain('planted-token');
});
