// Append-only: never edit a migration that was released; write the next one.

/** Roles that teams grant to logins, and the tables. Runs as the administrator up to SET ROLE, as `jit_owner` from there on.
 * Events are split by the month in which they were received; that (origin, seq) is there once, whatever the month, is kept
 * by `jit.append` under the lock of the log's row. `received` never steps back within a log, so that the oldest months
 * hold the beginning of each log and nothing else. Whose a device is lies in a row of its own: a key refuses also those who
 * read the store before that row was there (REPEATABLE READ). */
export const logsAndEvents = `
CREATE TABLE jit.devices (
  device text PRIMARY KEY,
  registered_by name NOT NULL
);

CREATE TABLE jit.logs (
  origin text PRIMARY KEY CHECK (origin ~ '^jit[.][0-9a-z]{8,64}(/([2-9]|[1-9][0-9]{1,5}))?$'),
  device text NOT NULL,
  registered_by name NOT NULL,
  registered timestamptz NOT NULL,
  vkey text,
  previous jsonb,
  fork_of text,
  size bigint NOT NULL CHECK (size >= 0),
  head bytea NOT NULL CHECK (octet_length(head) = 32),
  checkpoint text,
  checkpoint_size bigint,
  last_seen timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE jit.events (
  origin text NOT NULL,
  seq bigint NOT NULL,
  leaf bytea NOT NULL,
  prev bytea NOT NULL,
  body bytea NOT NULL CHECK (octet_length(body) <= 65535),
  received timestamptz NOT NULL,
  PRIMARY KEY (origin, seq, received)
) PARTITION BY RANGE (received);
CREATE TABLE jit.events_other PARTITION OF jit.events DEFAULT;

CREATE TABLE jit.checkpoints (
  origin text NOT NULL REFERENCES jit.logs (origin),
  size bigint NOT NULL,
  note text NOT NULL,
  received timestamptz NOT NULL,
  PRIMARY KEY (origin, size)
);
`;
