// Append-only: never edit a migration that was released; write the next one.

/** The log and the state that it tells of. Beside each body stand columns to find it by; verification takes the
 * body alone and then compares them. Times are milliseconds since the epoch. */
export const stateAndLog = `
CREATE TABLE log_meta (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  origin TEXT NOT NULL
) STRICT;

CREATE TABLE ev (
  seq INTEGER PRIMARY KEY CHECK (seq >= 0),
  leaf BLOB NOT NULL CHECK (length(leaf) = 32),
  ts_ms INTEGER NOT NULL,
  type TEXT NOT NULL,
  principal TEXT,
  target TEXT,
  grant_id TEXT,
  lease_id TEXT,
  body BLOB NOT NULL CHECK (length(body) <= 65535)
) STRICT;
CREATE TABLE grants (
  id TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'denied', 'withdrawn', 'lapsed', 'active', 'ended')),
  principal TEXT NOT NULL,
  target TEXT NOT NULL,
  role TEXT NOT NULL,
  scope TEXT,
  duration_ms INTEGER,
  reason TEXT,
  ticket TEXT,
  parent TEXT,
  via TEXT NOT NULL CHECK (via IN ('terminal', 'script', 'ci')),
  requested_ms INTEGER NOT NULL,
  entitlement TEXT,
  policy_digest TEXT NOT NULL,
  started_ms INTEGER,
  deadline_ms INTEGER,
  ended_ms INTEGER,
  end_cause TEXT,
  on_restart TEXT NOT NULL CHECK (on_restart IN ('revoke', 'resume')),
  keep INTEGER NOT NULL CHECK (keep IN (0, 1)),
  session TEXT
) STRICT;
CREATE INDEX grants_state ON grants (state);

CREATE TABLE leases (
  id TEXT PRIMARY KEY,
  grant_id TEXT NOT NULL REFERENCES grants (id) DEFERRABLE INITIALLY DEFERRED,
  target TEXT NOT NULL,
  role TEXT NOT NULL,
  provider TEXT NOT NULL,
  name TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('intent', 'active', 'revoking', 'overdue', 'revoked')),
  handle TEXT NOT NULL,
  deadline_ms INTEGER NOT NULL,
  hard_deadline_ms INTEGER NOT NULL,
  boot_id TEXT NOT NULL,
  boot_deadline_ms INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  issued_ms INTEGER,
  handed_out_ms INTEGER,
  access_ended_ms INTEGER,
  revoked_ms INTEGER,
  cause TEXT,
  attempts INTEGER NOT NULL,
  next_attempt_ms INTEGER,
  last_error TEXT
) STRICT;
CREATE INDEX leases_state ON leases (state);
CREATE INDEX leases_grant ON leases (grant_id);

CREATE TABLE findings (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  target TEXT NOT NULL,
  lease_id TEXT,
  place TEXT NOT NULL,
  detail TEXT NOT NULL,
  action TEXT NOT NULL,
  found_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX findings_once ON findings (coalesce(lease_id, ''), target, kind, place, detail);
`;
