// The policy commands for an AWS target without a broker: the effective session policy, its variables and its limit.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { policyCheck, policyExplain } from '../../../src/broker/offline/policy.ts';
import type { JitError } from '../../../src/core/errors.ts';
import type { ExplainRequest } from '../../../src/protocol/offline.ts';

const config = (statement: string): string => `
version: 1
targets:
  aws-prod:
    provider: aws
    region: eu-west-1
    credentials: default
    roles:
      deploy:
        role_arn: arn:aws:iam::123456789012:role/jit-deploy
        scopes:
          logs:
            statements: [${statement}]
entitlements:
  - { name: all, who: ["user:ada"], roles: ["aws-prod:deploy"], scopes: [logs], max_duration: 1h }
`;
const own = (variable: string, count = 1): string =>
  `{ Effect: Allow, Action: ["s3:GetObject"], Resource: [${Array.from({ length: count }, (_, n) => `"arn:aws:s3:::logs/\${jit.${variable}}/${n}"`).join(', ')}] }`;

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'jit-explain-'));
  file = path.join(folder, 'jit.yaml');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a promise that must fail fails with. */
const refusal = (promise: Promise<unknown>): Promise<JitError> =>
  promise.then(
    () => expect.fail('it was not refused'),
    (thrown) => thrown as JitError,
  );

const write = (statement: string): void => writeFileSync(file, config(statement), { mode: 0o600 });
const explain = (changes: Partial<ExplainRequest> = {}) =>
  policyExplain(file, {
    principal: 'user:ada',
    target: 'aws-prod',
    role: 'deploy',
    scope: 'logs',
    duration: 300_000,
    reason: null,
    ticket: null,
    interactive: false,
    ci: false,
    at: Date.UTC(2026, 10, 22, 14),
    ...changes,
  });

describe('jit policy explain for AWS', () => {
  test('shows the session policy as it would be: variables filled, and the end of the grant', async () => {
    write(own('principal'));
    const { preview } = await explain();
    const shown = preview.find((line) => line.startsWith('session policy: ')) ?? '';
    const [heading = '', ...lines] = shown.split('\n');
    const policy = JSON.parse(lines.join('\n'));
    expect(heading).toBe(`session policy: ${JSON.stringify(policy).length} of 2048 characters`);
    expect(policy.Statement).toEqual([
      { Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['arn:aws:s3:::logs/ada/0'] },
      expect.objectContaining({
        Effect: 'Deny',
        Condition: { DateGreaterThanEquals: { 'aws:CurrentTime': '2026-11-22T14:05:00Z' } },
      }),
    ]);
    expect(lines.length).toBeGreaterThan(5);
  });

  test('says what a grant below the minimum of AWS is, and what cannot be withdrawn', async () => {
    write(own('principal'));
    const said = (await explain()).preview.join('\n');
    expect(said).toContain('for less than 15m');
    expect(said).toContain('cannot be withdrawn before the deadline');
    expect((await explain({ duration: 1_800_000 })).preview.join('\n')).not.toContain('for less than 15m');
  });

  test('names the lease and the grant that nobody has asked for yet, and counts them in full', async () => {
    write(own('lease'));
    const shown = (await explain()).preview.join('\n');
    expect(shown).toContain('session ada+<lease>');
    expect(shown).toContain('logs/<lease>/0');
    const size = Number(/session policy: (\d+) of/.exec(shown)?.[1]);
    write(own('principal'));
    const shorter = Number(/session policy: (\d+) of/.exec((await explain()).preview.join('\n'))?.[1]);
    expect(size - shorter).toBe('l'.length + 15 - 'ada'.length);
  });

  test('names the variable that has no value', async () => {
    write(own('ticket'));
    const { code, message } = await refusal(explain());
    expect([code, message]).toEqual(['ERR_USAGE', expect.stringContaining('ticket')]);
    expect((await explain({ ticket: 'INC-1' })).preview.join('\n')).toContain('logs/INC-1/0');
  });
});

describe('a session policy that AWS would refuse', () => {
  test('is refused when it is checked, with its size and the limit', async () => {
    write(own('principal', 60));
    const { code, message } = await refusal(policyCheck(file));
    expect(code).toBe('ERR_CONFIG');
    expect(message).toMatch(/scope "?logs.* has \d{4} characters .*2048/s);
  });

  test('is refused when only the values of its variables make it too large', async () => {
    write(own('ticket', 40));
    await policyCheck(file);
    const { code, message } = await refusal(explain({ ticket: `INC-${'9'.repeat(60)}` }));
    expect(code).toBe('ERR_CONFIG');
    expect(message).toMatch(/has \d{4} characters; AWS takes 2048/);
  });
});
