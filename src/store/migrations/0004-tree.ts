// Append-only: never edit a migration that was released; write the next one.

/** The Merkle tree over the log, its keys and its signed heads. The events of all logs of a file stand in `ev`, one log
 * after the other; `epochs.first` is where each begins. `nodes` has the subtrees of 256 leaves and more: smaller ones
 * are hashed from `ev.leaf`. `keys.size` is how many events there were when the key came into force. */
export const tree = `
CREATE TABLE epochs (
  number INTEGER PRIMARY KEY CHECK (number > 0),
  first INTEGER NOT NULL CHECK (first >= 0)
) STRICT;
INSERT INTO epochs SELECT 1, 0 FROM log_meta;

CREATE TABLE nodes (
  epoch INTEGER NOT NULL,
  level INTEGER NOT NULL CHECK (level >= 8),
  idx INTEGER NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (epoch, level, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE keys (
  epoch INTEGER NOT NULL,
  size INTEGER NOT NULL,
  vkey TEXT NOT NULL,
  PRIMARY KEY (epoch, size)
) STRICT, WITHOUT ROWID;

CREATE TABLE newest_checkpoint (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  epoch INTEGER NOT NULL,
  size INTEGER NOT NULL,
  note TEXT NOT NULL
) STRICT;

CREATE TABLE checkpoints (
  epoch INTEGER NOT NULL,
  size INTEGER NOT NULL,
  kept TEXT NOT NULL CHECK (kept IN ('spaced', 'rotation', 'fork', 'acknowledged')),
  note TEXT NOT NULL,
  PRIMARY KEY (epoch, size, kept)
) STRICT, WITHOUT ROWID;
`;
