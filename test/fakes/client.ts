// A broker's client for tests of the command line: answers from values, remembers what it was asked.

import type { Client } from '../../src/client/client.ts';
import { usualShellTerms } from '../../src/core/shell-terms.ts';
import type { LogView } from '../../src/protocol/log.ts';
import type { PreviewReply, StatusReply, TargetsReply } from '../../src/protocol/routes.ts';
import type { GrantView } from '../../src/protocol/views.ts';

/** The moment at which all fake replies are made: FakeClock starts here as well. */
export const fakeNow = Date.UTC(2026, 10, 22, 12);

/** One call as the client got it. */
export interface FakeCall {
  readonly verb: keyof Client;
  readonly request: unknown;
}

/** A client whose verbs can be replaced one by one. */
export interface FakeClient extends Client {
  readonly calls: FakeCall[];
  /** The requests of one verb, in order. */
  asked(verb: keyof Client): unknown[];
}

/** An active grant on `prod-db:read` for 30 minutes. */
export function fakeGrant(changes: Partial<GrantView> = {}): GrantView {
  return {
    id: 'g7f3k2',
    state: 'active',
    principal: 'user:ada',
    target: 'prod-db',
    risk: 'medium',
    role: 'read',
    scope: null,
    reason: 'INC-4711',
    ticket: null,
    entitlement: 'readers',
    parent: null,
    keep: false,
    requestedAt: fakeNow,
    startedAt: fakeNow,
    deadline: fakeNow + 1_800_000,
    endedAt: null,
    endCause: null,
    leases: [fakeLease()],
    ...changes,
  };
}

/** The lease of {@link fakeGrant}. */
export function fakeLease(changes: Partial<GrantView['leases'][number]> = {}): GrantView['leases'][number] {
  return {
    id: 'l4k9p1',
    state: 'active',
    provider: 'postgres',
    name: 'jit_l4k9p1',
    deadline: fakeNow + 1_800_000,
    hardDeadline: fakeNow + 1_800_000,
    irrevocableUntil: null,
    accessEndedAt: null,
    revokedAt: null,
    attempts: 0,
    lastError: null,
    notRefreshed: null,
    findings: 0,
    ...changes,
  };
}

/** An allowed preview of `prod-db:read`. */
export function fakePreview(changes: Partial<PreviewReply> = {}): PreviewReply {
  return {
    outcome: 'allowed',
    principal: 'user:ada',
    target: 'prod-db',
    risk: 'medium',
    role: 'read',
    scope: null,
    duration: 1_800_000,
    entitlement: 'readers',
    reasons: [],
    hint: null,
    reasonRequired: false,
    reasonPresets: [],
    lastReason: null,
    onEnd: 'lock',
    preview: ['member of orders_read'],
    ...changes,
  };
}

/** `prod-db` with two roles, one of them not for the caller. */
const fakeTargets: TargetsReply = {
  targets: [
    {
      name: 'prod-db',
      provider: 'postgres',
      description: 'orders',
      risk: 'high',
      console: true,
      roles: [
        {
          name: 'read',
          description: 'read all',
          scopes: ['orders', 'stock'],
          maxDuration: 3_600_000,
          needsApproval: false,
          frecency: 0,
        },
        {
          name: 'write',
          description: null,
          scopes: [],
          maxDuration: null,
          needsApproval: false,
          frecency: 0,
        },
      ],
    },
  ],
};

/** A log in order. */
export function fakeLog(changes: Partial<LogView> = {}): LogView {
  return {
    origin: 'jit.7h2k9d3f5g6h8j1k',
    events: 41,
    signed: true,
    trouble: null,
    key: { vkey: 'jit.7h2k9d3f5g6h8j1k+8ab1c2d3+AQ==', place: 'keychain', since: fakeNow - 3_600_000 },
    known: null,
    fork: null,
    refused: [],
    lost: [],
    ...changes,
  };
}

/** Nothing active. */
export function fakeStatus(changes: Partial<StatusReply> = {}): StatusReply {
  return {
    now: fakeNow,
    principal: 'user:ada',
    grants: [],
    overdue: 0,
    recentFindings: [],
    recentAnomalies: [],
    auditLog: fakeLog(),
    ...changes,
  };
}

/** A client that allows and grants everything, unless `verbs` answers otherwise. `wait` never answers. */
export function createFakeClient(verbs: Partial<Client> = {}): FakeClient {
  const usual: Client = {
    hello: async () => ({
      version: '0.1.0',
      protocol: { newest: 1, oldest: 1 },
      pid: 4711,
      startedAt: fakeNow,
      config: '/home/ada/.config/jit/jit.yaml',
      hardening: { undumpable: 'on', coreLimit: 'zero' },
    }),
    preview: async (wish) =>
      fakePreview({ target: wish.target, role: wish.role ?? 'read', scope: wish.scope }),
    elevate: async (request) => ({
      grant: fakeGrant({ target: request.target, role: request.role ?? 'read', keep: request.keep }),
      env: { PGHOST: 'db.example.com', PGPASSFILE: '/run/jit/grants/g7f3k2/pgpass' },
      unset: ['PGPASSWORD'],
      secrets: [],
      notes: [],
      shell: usualShellTerms,
    }),
    status: async () => fakeStatus(),
    targets: async () => fakeTargets,
    revoke: async () => ({
      revoked: [fakeGrant({ state: 'ended', leases: [fakeLease({ state: 'revoked' })] })],
      ending: [],
      overdue: [],
    }),
    cleanup: async () => ({
      revoked: [fakeGrant({ state: 'ended', leases: [fakeLease({ state: 'revoked' })] })],
      ending: [],
      overdue: [],
    }),
    issuers: async () => ({ issuers: [] }),
    extend: async (request) => fakeGrant({ deadline: fakeNow + request.duration }),
    wait: (_request, signal) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    audit: async () => ({ events: [] }),
    question: (_request, signal) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    answer: async () => ({}),
    credential: async () => ({
      credential: {
        Version: 1,
        AccessKeyId: 'ASIAEXAMPLE',
        SecretAccessKey: 'example',
        SessionToken: 'example',
      },
    }),
    console: async ({ as }) => ({
      url: as === 'link' ? 'https://signin.example.com/?token=example' : null,
      file: as === 'file' ? '/run/jit/grants/g7f3k2/console-x.html' : null,
      endsAt: fakeNow + 1_800_000,
      irrevocableUntil: null,
    }),
    follow: (_request, signal) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    usage: async () => ({}),
    doctor: async () => ({ checks: [] }),
    sync: async () => ({
      store: null,
      origin: 'jit.7h2k9d3f5g6h8j1k',
      events: 1,
      acknowledged: 0,
      heard: false,
      since: null,
      running: false,
      failure: null,
      refused: [],
      lost: [],
    }),
    rotate: async () => ({
      origin: 'jit.7h2k9d3f5g6h8j1k',
      vkey: 'jit.7h2k9d3f5g6h8j1k+0c9d8e7f+AQ==',
      previous: 'jit.7h2k9d3f5g6h8j1k+8ab1c2d3+AQ==',
      place: 'keychain',
    }),
    fork: async () => ({
      origin: 'jit.7h2k9d3f5g6h8j1k/2',
      vkey: 'jit.7h2k9d3f5g6h8j1k/2+5e6f7a8b+AQ==',
      place: 'keychain',
      previous: { origin: 'jit.7h2k9d3f5g6h8j1k', events: 41 },
      known: { origin: 'jit.7h2k9d3f5g6h8j1k', events: 52, from: 'file' },
    }),
    stop: async () => ({ revoked: 0, overdue: 0, ending: 0 }),
    ...verbs,
  };
  const calls: FakeCall[] = [];
  const recorded = Object.fromEntries(
    Object.entries(usual).map(([verb, answer]) => [
      verb,
      (request: unknown, ...rest: unknown[]) => {
        calls.push({ verb: verb as keyof Client, request });
        return (answer as (...args: unknown[]) => unknown)(request, ...rest);
      },
    ]),
  ) as unknown as Client;
  const asked = (verb: keyof Client) =>
    calls.filter((call) => call.verb === verb).map(({ request }) => request);
  return { ...recorded, calls, asked };
}
