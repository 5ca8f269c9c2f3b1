// Append-only: never edit a migration that was released; write the next one.

/** Identity tokens of CI jobs that were used, by their SHA-256, until they have expired anyway; and which run of a
 * pipeline a grant was asked for by, as that run calls itself. */
export const jobs = `
CREATE TABLE used_tokens (
  token BLOB PRIMARY KEY CHECK (length(token) = 32),
  expires_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX used_tokens_expiry ON used_tokens (expires_ms);

CREATE TABLE grant_runs (
  grant_id TEXT PRIMARY KEY REFERENCES grants (id) DEFERRABLE INITIALLY DEFERRED,
  run TEXT NOT NULL
) STRICT;
CREATE INDEX grant_runs_run ON grant_runs (run);
`;
