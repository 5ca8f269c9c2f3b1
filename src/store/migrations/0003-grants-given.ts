// Append-only: never edit a migration that was released; write the next one.

/** To find what somebody had of a role, and when, without reading every grant that there ever was. */
export const grantsGiven = `
CREATE INDEX grants_given ON grants (principal, target, role, requested_ms) WHERE started_ms IS NOT NULL;
`;
