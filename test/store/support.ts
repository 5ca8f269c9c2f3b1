// What the tests of the store share: a private folder, a clock that stands still until told, sample values.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { AuditEvent } from '../../src/audit/event.ts';
import type { Grant } from '../../src/core/grant.ts';
import type { Lease } from '../../src/core/lease.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import type { Clock } from '../../src/system/clock.ts';
import { systemRandom } from '../../src/system/random.ts';

/** 2026-11-22T10:00:00.000Z */
export const start = 1_795_341_600_000;

export const stillClock: Clock = {
  now: () => start,
  sinceBoot: () => 8_123_441,
  bootId: '6f1e2d3c-0000-4000-8000-000000000001',
  after: () => () => undefined,
};

/** A path for a database in a private folder that is removed when the test is over. */
export function temporaryPath(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'jit-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, 'state.db');
}

/** The store at `file`, closed when the test is over. */
export function open(file: string, options: { readOnly?: boolean } = {}): Store {
  const store = openStore({ path: file, clock: stillClock, random: systemRandom, ...options });
  onTestFinished(() => store.close());
  return store;
}

export function sampleGrant(id: string, changes: Partial<Grant> = {}): Grant {
  return {
    id,
    principal: 'alice',
    target: 'prod-db',
    role: 'read',
    scope: null,
    duration: 1_800_000,
    reason: 'look at order 17',
    ticket: null,
    parent: null,
    via: 'terminal',
    requestedAt: start,
    digest: 'd'.repeat(64),
    state: 'active',
    entitlement: 'developers-read',
    policyDigest: 'p'.repeat(64),
    startedAt: start,
    deadline: start + 1_800_000,
    endedAt: null,
    endCause: null,
    onRestart: 'revoke',
    keep: false,
    session: { pid: 4412, startTime: '88231' },
    ...changes,
  };
}

export function sampleLease(id: string, grant: string, changes: Partial<Lease> = {}): Lease {
  return {
    id,
    grant,
    target: 'prod-db',
    role: 'read',
    provider: 'postgres',
    name: `jit_${id}`,
    state: 'active',
    handle: { role: `jit_${id}`, oid: 16_385 },
    deadline: start + 1_800_000,
    hardDeadline: start + 1_860_000,
    bootId: stillClock.bootId,
    bootDeadline: 9_923_441,
    createdAt: start,
    issuedAt: start,
    handedOutAt: null,
    accessEndedAt: null,
    revokedAt: null,
    cause: null,
    attempts: 0,
    nextAttemptAt: null,
    lastError: null,
    ...changes,
  };
}

/** An event that says little. */
export function step(
  name: string,
  changes: { grant?: string; target?: string; principal?: string } = {},
): AuditEvent {
  return { type: 'lease.step', at: start, data: { step: name, facts: {} }, ...changes };
}

/** The events of a grant and its lease, from request to confirmed revocation. */
export function lifeOf(grant: string, lease: string): Record<'begin' | 'issue' | 'end', AuditEvent[]> {
  const all = { at: start, principal: 'alice', target: 'prod-db', grant };
  const both = { ...all, lease };
  const moment = '2026-11-22T10:30:00.000Z';
  return {
    begin: [
      {
        ...all,
        type: 'grant.approved',
        data: { entitlement: 'e', policy: 'p', duration_ms: 1_800_000, deadline: moment, why: 'rule e' },
      },
      {
        ...both,
        type: 'lease.intent',
        data: { provider: 'postgres', name: 'r', facts: {}, deadline: moment, hard_deadline: moment },
      },
    ],
    issue: [{ ...both, type: 'lease.issued', data: { name: 'r', facts: {}, expires: moment } }],
    end: [
      { ...both, type: 'lease.revoked', data: { cause: 'expired', attempts: 1, late_ms: 12 } },
      { ...all, type: 'grant.ended', data: { cause: 'expired', used_ms: 1_800_000 } },
    ],
  };
}
