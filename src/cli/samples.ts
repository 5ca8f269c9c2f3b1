// Values that help and docs/commands.md show as examples of --json. Tests compare their fields with real output.

/** A grant, as `status`, `elevate`, `revoke` and `extend` print it. */
export const sampleGrant = {
  id: 'g7f3k2',
  state: 'active',
  principal: 'user:alice',
  target: 'prod-db',
  risk: 'high',
  role: 'read',
  scope: null,
  reason: 'INC-4711',
  ticket: 'INC-4711',
  entitlement: 'developers-read',
  parent: null,
  keep: false,
  requested_at: '2026-11-22T14:02:00.000Z',
  started_at: '2026-11-22T14:02:00.000Z',
  deadline: '2026-11-22T14:32:00.000Z',
  ended_at: null,
  end_cause: null,
  leases: [
    {
      id: 'l4k9p1',
      state: 'active',
      provider: 'postgres',
      name: 'jit_l4k9p1',
      deadline: '2026-11-22T14:32:00.000Z',
      hard_deadline: '2026-11-22T14:32:00.000Z',
      irrevocable_until: null,
      access_ended_at: null,
      revoked_at: null,
      attempts: 0,
      last_error: null,
      not_refreshed: null,
      findings: 0,
    },
  ],
};

/** The same grant after its end, as `revoke` prints it. */
export const sampleEnded = {
  ...sampleGrant,
  state: 'ended',
  ended_at: '2026-11-22T14:12:00.000Z',
  end_cause: 'revoked',
  leases: sampleGrant.leases.map((lease) => ({
    ...lease,
    state: 'revoked',
    access_ended_at: '2026-11-22T14:12:00.000Z',
    revoked_at: '2026-11-22T14:12:00.000Z',
    attempts: 1,
  })),
};

/** A finding, as `status` prints it. */
export const sampleFinding = {
  kind: 'owned-object',
  target: 'prod-db',
  lease: 'l4k9p1',
  where: 'orders/public.scratch',
  detail: 'table made by jit_l4k9p1',
  action: 'now owned by jit_quarantine',
  found_at: '2026-11-22T14:32:00.000Z',
};

/** An anomaly, as `status` prints it. */
export const sampleAnomaly = {
  rule: 'activation-burst',
  severity: 'medium',
  why: 'prod-db:read was granted to user:alice 4 times in a short time',
  action: 'notify',
  principal: 'user:alice',
  target: 'prod-db',
  grant: 'g7f3k2',
  found_at: '2026-11-22T14:02:01.000Z',
};

/** How the log stands, as `status` prints it. */
export const sampleLog = {
  origin: 'jit.7h2k9d3f5g6h8j1k',
  events: 41,
  signed: true,
  trouble: null,
  key: {
    vkey: 'jit.7h2k9d3f5g6h8j1k+8ab1c2d3+AQ3wQGOoEMzAqL1qbK3ZLSIZF3e2WrYsgT4mkHcyZzrK',
    place: 'keychain',
    since: '2026-11-22T09:00:00.000Z',
  },
  fork: null,
  known: null,
  refused: [],
  lost: [],
};
