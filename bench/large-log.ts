// A large log as a broker leaves it: grants from request to confirmed revocation, eight events each, every group signed.

import type { AuditEvent } from '../src/audit/event.ts';
import { createSigner } from '../src/audit/signer.ts';
import { openStore } from '../src/store/open.ts';
import type { Clock } from '../src/system/clock.ts';
import { systemRandom } from '../src/system/random.ts';

/** 2026-11-22T10:00:00.000Z */
const start = 1_795_341_600_000;
const origin = 'jit.0123456789abcdef';

/** Grants per commit: building is not what is measured. */
const group = 250;

/** Writes a log of `events` events (a multiple of eight, and the first) to `path`. */
export function writeLargeLog(path: string, events: number): void {
  let now = start;
  const clock: Clock = {
    now: () => now,
    sinceBoot: () => now - start,
    bootId: '6f1e2d3c-0000-4000-8000-000000000001',
    after: () => () => undefined,
  };
  const signer = createSigner(origin, systemRandom.bytes(32));
  const store = openStore({ path, clock, random: systemRandom, signer, origin });
  const grants = Math.floor(events / 8);
  for (let from = 0; from < grants; from += group) {
    store.commit((tx) => {
      for (let index = from; index < Math.min(from + group, grants); index += 1) {
        now += 20_000;
        const id = index.toString(32).padStart(16, '0');
        const all = {
          at: now,
          principal: `user:person${index % 200}@example.com`,
          target: 'prod-db',
          grant: id,
        };
        tx.putGrant({ ...grantOf(id, now), principal: all.principal });
        tx.putLease(leaseOf(id, now));
        for (const event of lifeOf(all, id)) tx.append(event);
      }
    });
  }
  store.close();
}

interface About {
  readonly at: number;
  readonly principal: string;
  readonly target: string;
  readonly grant: string;
}

function lifeOf(all: About, lease: string): AuditEvent[] {
  const both = { ...all, lease };
  const deadline = new Date(all.at + 1_800_000).toISOString();
  const name = `jit_${lease}`;
  const policy = `sha256:${'4f'.repeat(32)}`;
  return [
    {
      ...all,
      type: 'grant.requested',
      data: {
        role: 'write',
        scope: 'orders',
        duration_ms: 1_800_000,
        reason: `INC-${Number.parseInt(lease, 32)} restore the orders that were lost`,
        ticket: null,
        digest: 'd'.repeat(64),
        parent: null,
        via: 'terminal',
        peer: 'uid 1000, pid 4412',
      },
    },
    {
      ...all,
      type: 'grant.approved',
      data: {
        entitlement: 'developers-prod-db',
        policy,
        duration_ms: 1_800_000,
        deadline,
        why: 'rule matched',
      },
    },
    {
      ...both,
      type: 'lease.intent',
      data: { provider: 'postgres', name, facts: { database: 'orders' }, deadline, hard_deadline: deadline },
    },
    { ...both, type: 'lease.issued', data: { name, facts: { oid: 16_384 }, deadline, expires: deadline } },
    {
      ...both,
      type: 'lease.handed_out',
      data: { variables: ['PGHOST', 'PGUSER', 'PGSERVICE'], files: ['pgpass'], secrets: false },
    },
    { ...both, type: 'lease.revoking', data: { cause: 'expired' } },
    { ...both, type: 'lease.revoked', data: { cause: 'expired', attempts: 1, late_ms: 12 } },
    { ...all, type: 'grant.ended', data: { cause: 'expired', used_ms: 1_800_000 } },
  ];
}

function grantOf(id: string, at: number) {
  return {
    id,
    principal: '',
    target: 'prod-db',
    role: 'write',
    scope: 'orders',
    duration: 1_800_000,
    reason: 'restore',
    ticket: null,
    parent: null,
    via: 'terminal' as const,
    requestedAt: at,
    digest: 'd'.repeat(64),
    state: 'ended' as const,
    entitlement: 'developers-prod-db',
    policyDigest: 'p'.repeat(64),
    startedAt: at,
    deadline: at + 1_800_000,
    endedAt: at + 1_800_000,
    endCause: 'expired' as const,
    onRestart: 'revoke' as const,
    keep: false,
    session: null,
  };
}

function leaseOf(id: string, at: number) {
  return {
    id,
    grant: id,
    target: 'prod-db',
    role: 'write',
    provider: 'postgres',
    name: `jit_${id}`,
    state: 'revoked' as const,
    handle: { role: `jit_${id}` },
    deadline: at + 1_800_000,
    hardDeadline: at + 1_860_000,
    bootId: 'b',
    bootDeadline: at,
    createdAt: at,
    issuedAt: at,
    handedOutAt: at,
    accessEndedAt: at,
    revokedAt: at,
    cause: 'expired' as const,
    attempts: 1,
    nextAttemptAt: null,
    lastError: null,
  };
}
