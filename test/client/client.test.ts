import { describe, expect, it } from 'vitest';
import { type Call, createClient } from '../../src/client/client.ts';

const verbs = {
  hello: ['GET', undefined],
  status: ['GET', undefined],
  targets: ['GET', undefined],
  preview: ['POST', { target: 'prod-db' }],
  elevate: ['POST', { target: 'prod-db' }],
  revoke: ['POST', { grant: 'g1' }],
  cleanup: ['POST', { run: 'one', timeout: 1_000 }],
  issuers: ['GET', undefined],
  extend: ['POST', { grant: 'g1' }],
  wait: ['POST', { grant: 'g1', timeout: 60_000 }],
  audit: ['POST', { grant: 'g1' }],
  doctor: ['POST', { target: null }],
  question: ['POST', { channel: 'c'.repeat(16), timeout: 60_000 }],
  answer: ['POST', { channel: 'c'.repeat(16), question: 'q1', answer: null }],
  credential: ['POST', { grant: 'g1', kind: 'aws' }],
  console: ['POST', { grant: 'g1', as: 'link' }],
  follow: ['POST', { after: null, timeout: 20_000 }],
  usage: ['POST', { grant: 'g1' }],
  sync: ['POST', { now: false, wait: 0 }],
  rotate: ['POST', {}],
  fork: ['POST', { reason: 'x' }],
  stop: ['POST', {}],
} as const;

describe('createClient', () => {
  it.each(Object.entries(verbs))('sends %s to the route of its name', async (verb, [method, body]) => {
    const calls: Call[] = [];
    const client = createClient(async (call) => {
      calls.push(call);
      return { verb };
    });
    const send = client[verb as keyof typeof client] as (body: unknown) => Promise<unknown>;
    expect(await send(body)).toEqual({ verb });
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({ method, path: `/v1/${verb}`, ...(body && { body }) });
  });

  it('has every verb in the table above', () => {
    expect(Object.keys(createClient(async () => null)).sort()).toEqual(Object.keys(verbs).sort());
  });

  it('waits for a change longer than the broker does', async () => {
    let patience = 0;
    const client = createClient(async (call) => {
      patience = call.timeout;
    });
    await client.wait({ grant: 'g1', known: { state: 'active', deadline: null }, timeout: 60_000 });
    expect(patience).toBeGreaterThan(60_000);
  });
});
