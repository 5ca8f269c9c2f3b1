// A target in memory that can be made to fail. Keeps a ground-truth ledger of what is alive on it.
// For faults that a real server cannot be made to show; real servers are tested beside it.

import * as v from 'valibot';
import { type ErrorCode, JitError } from '../../src/core/errors.ts';
import type { Finding } from '../../src/core/finding.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Instant, Milliseconds } from '../../src/core/time.ts';
import type {
  HandOut,
  HandOutEndpoint,
  PlanRequest,
  PrepareRequest,
  Provider,
  ProviderKind,
  RefreshRecord,
} from '../../src/providers/provider.ts';

/** What the fake puts into a lease. */
export type FakeHandle = {
  readonly name: string;
  readonly serial: number | null;
  readonly sealed?: string | null;
};

/** What can go wrong: set by a test, read at each call. */
export interface Faults {
  unreachable?: boolean;
  refuseIssue?: boolean;
  /** Runs before anything is planned. */
  prepare?: (request: PrepareRequest, signal: AbortSignal) => Promise<void>;
  /** The credential is made, but the answer is lost. */
  loseIssueAnswer?: boolean;
  /** Runs inside `issue`, after the credential exists. */
  duringIssue?: () => void | Promise<void>;
  refuseRevoke?: boolean;
  /** Access ends, but cleaning up fails. */
  refuseCleanup?: boolean;
  /** Revoke says done; the credential stays. */
  lieOnRevoke?: boolean;
  /** The hand-out names an endpoint, and the credential can be refreshed from the start at this age. */
  endpoint?: { refreshAfter: Milliseconds | null };
  /** Is shown each endpoint that the hand-out names. */
  seeEndpoint?: (endpoint: HandOutEndpoint) => void;
  /** The refresh fails with this code. */
  refuseRefresh?: ErrorCode;
  /** Keeps a refresh waiting until it is settled. */
  holdRefresh?: Promise<void>;
  /** A refresh goes on although it is told to stop. */
  ignoreAbort?: boolean;
  /** Nothing to serve. */
  refuseAnswer?: boolean;
  /** What is made lasts this long by the target's clock, however long the grant is. */
  expiresAfter?: Milliseconds;
  /** Revoking takes nothing back: the credential stays until its own end. */
  cannotWithdraw?: boolean;
  /** Revoking says that access has ended although nothing was taken back. */
  endsAccess?: boolean;
  /** A credential may live until then that nobody was told. */
  undisclosed?: Instant | undefined;
  /** The handle holds something sealed that revoking needs. */
  sealed?: string;
  /** A helper is given it too. */
  helper?: boolean;
  /** What a refresh tells to record before it answers. */
  recordRefresh?: (record: RefreshRecord<FakeHandle>, handle: FakeHandle) => void;
  /** Does not tell whether a credential is there. */
  silent?: boolean;
  /** Keeps the clean-up after the end of access waiting until it is settled. */
  holdCleanup?: Promise<void>;
}

/** The target behind the provider. */
export interface FakeTarget {
  readonly live: Map<string, { serial: number; deadline: Instant }>;
  readonly faults: Faults;
  readonly issued: string[];
  readonly revoked: string[];
  /** Requests of the refreshes so far, failed ones too. */
  readonly refreshed: PlanRequest[];
  readonly leftBehind: Omit<Finding, 'lease' | 'target'>[];
  readonly kind: ProviderKind<FakeHandle>;
}

/** An empty target without faults. */
export function createFakeTarget(): FakeTarget {
  const live: FakeTarget['live'] = new Map();
  const faults: Faults = {};
  const issued: string[] = [];
  const revoked: string[] = [];
  const refreshed: PlanRequest[] = [];
  const leftBehind: FakeTarget['leftBehind'] = [];
  let serial = 0;

  function reach(): void {
    if (faults.unreachable) throw new JitError('ERR_TARGET_UNREACHABLE', 'the fake target is down');
  }

  /** What is served holds the serial, so that a test sees when it changes. */
  const endpointOf = (name: string): HandOutEndpoint => ({
    urlVariable: 'FAKE_URL',
    tokenFileVariable: 'FAKE_TOKEN_FILE',
    answer() {
      const found = live.get(name);
      if (faults.refuseAnswer || !found)
        throw new JitError('ERR_TARGET_REFUSED', `nothing of planted-${name}`);
      return new Secret(JSON.stringify({ secret: `planted-${name}`, serial: found.serial }));
    },
  });
  const byEndpoint = (name: string): HandOut => {
    const endpoint = endpointOf(name);
    faults.seeEndpoint?.(endpoint);
    return {
      env: { FAKE_USER: name },
      files: [
        { name: 'fake-config', variable: 'FAKE_CONFIG', content: new Secret('no secret'), lingers: true },
        { name: 'fake-notes', variable: 'FAKE_NOTES', content: new Secret('no secret') },
      ],
      endpoints: [endpoint],
      unset: ['FAKE_PASSWORD'],
      exports: { url: { FAKE_SECRET: new Secret(`planted-${name}`) } },
    };
  };

  const provider: Provider<FakeHandle> = {
    exports: ['url'],
    plan: (request) => ({
      handle: { name: `fake_${request.lease}`, serial: null },
      hardDeadline: request.deadline,
      preview: [`role ${request.role}`],
    }),
    prepare: async (request, signal) => faults.prepare?.(request, signal),
    describe: ({ name, serial }) => ({ name, facts: { serial } }),
    async issue(handle, request) {
      reach();
      if (faults.refuseIssue) throw new JitError('ERR_TARGET_REFUSED', 'the fake target says no');
      serial += 1;
      live.set(handle.name, { serial, deadline: request.deadline });
      issued.push(handle.name);
      const whole = { ...handle, serial, ...(faults.sealed === undefined ? {} : { sealed: faults.sealed }) };
      await faults.duringIssue?.();
      if (faults.loseIssueAnswer) throw new JitError('ERR_INTERNAL', 'the answer was lost');
      if (faults.endpoint) {
        const { refreshAfter } = faults.endpoint;
        return {
          handle: whole,
          expiresAt: faults.expiresAfter === undefined ? request.deadline : request.now + faults.expiresAfter,
          refreshAt: refreshAfter === null ? null : request.now + refreshAfter,
          handOut: byEndpoint(handle.name),
        };
      }
      return {
        handle: whole,
        expiresAt: faults.expiresAfter === undefined ? request.deadline : request.now + faults.expiresAfter,
        handOut: {
          env: { FAKE_USER: handle.name },
          ...(faults.helper ? { helpers: { fake: () => ({ secret: 'planted' }) } } : {}),
          files: [
            {
              name: 'password',
              variable: 'FAKE_PASSFILE',
              content: new Secret(`planted-${handle.name}`),
              tombstone: 'no password any more',
            },
          ],
          unset: ['FAKE_PASSWORD'],
          exports: { url: { FAKE_URL: new Secret(`fake://planted-${handle.name}`) } },
        },
      };
    },
    async refresh(handle, request, signal, record) {
      refreshed.push(request);
      faults.recordRefresh?.(record, handle);
      if (faults.ignoreAbort) await faults.holdRefresh;
      else if (faults.holdRefresh) await Promise.race([faults.holdRefresh, aborted(signal)]);
      reach();
      if (faults.refuseRefresh) throw new JitError(faults.refuseRefresh, 'the fake target refreshes nothing');
      serial += 1;
      const found = live.get(handle.name);
      if (found) found.serial = serial;
      const refreshAfter = faults.endpoint?.refreshAfter ?? null;
      return {
        expiresAt: request.deadline,
        refreshAt: refreshAfter === null ? null : request.now + refreshAfter,
      };
    },
    irrevocableUntil: ({ name }) => {
      if (faults.undisclosed !== undefined) return faults.undisclosed;
      return faults.cannotWithdraw ? (live.get(name)?.deadline ?? 0) : null;
    },
    spent: (handle) => (handle.sealed === undefined ? handle : { ...handle, sealed: null }),
    async renew(handle, deadline) {
      reach();
      const found = live.get(handle.name);
      if (!found) throw new JitError('ERR_TARGET_REFUSED', 'no such credential');
      found.deadline = deadline;
      return { hardDeadline: deadline };
    },
    async revoke(handle, _cause, report) {
      reach();
      if (faults.undisclosed !== undefined) report.undisclosed(faults.undisclosed, 'no answer');
      if (faults.endsAccess) report.accessEnded();
      if (faults.cannotWithdraw) return;
      if (faults.refuseRevoke) throw new JitError('ERR_TARGET_REFUSED', 'the fake target keeps it');
      report.step('fenced');
      report.accessEnded();
      await faults.holdCleanup;
      for (const finding of leftBehind) report.finding({ ...finding, target: '', lease: null });
      if (faults.refuseCleanup) throw new JitError('ERR_REVOKE_INCOMPLETE', 'objects stay behind');
      if (!faults.lieOnRevoke && live.delete(handle.name)) revoked.push(handle.name);
    },
    async confirm(handle) {
      reach();
      if (faults.silent || faults.undisclosed !== undefined) return 'unknown';
      return live.has(handle.name) ? 'alive' : 'gone';
    },
    async reconcile(known) {
      reach();
      const names = new Set(known.map((handle) => handle.name));
      return {
        unknown: [...live.keys()]
          .filter((name) => !names.has(name))
          .map((name) => ({ handle: { name, serial: null }, where: 'fake', detail: name })),
        missing: known.filter((handle) => !live.has(handle.name)),
      };
    },
    check: async () => [{ name: 'reachable', status: faults.unreachable ? 'failed' : 'ok', detail: 'fake' }],
    close: async () => undefined,
  };

  return {
    live,
    faults,
    issued,
    revoked,
    refreshed,
    leftBehind,
    kind: {
      kind: 'fake',
      schema: { target: { address: v.optional(v.string()) }, role: {}, scope: {} },
      open: () => provider,
      openByHandle: () => provider,
    },
  };
}

/** Rejects when told to stop, as a call over the network does. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(new JitError('ERR_TARGET_UNREACHABLE', 'told to stop'));
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
  });
}
