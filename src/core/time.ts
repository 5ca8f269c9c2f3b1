// The two units of time that cross every boundary of jit. Milliseconds everywhere; never seconds.

/** A point in time: milliseconds since the Unix epoch, UTC. */
export type Instant = number;

/** A length of time in milliseconds. */
export type Milliseconds = number;
