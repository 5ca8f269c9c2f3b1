// Where a broker can be made to die, from the first request to the last line of a recovery.

/** Points on the way from a request to a handed-out credential. */
export const issuePoints = [
  'elevate.before-intent',
  'elevate.after-intent',
  'issue.before',
  'issue.sent',
  'issue.answered',
  'elevate.after-issue',
  'elevate.endpoints-open',
  'elevate.files-written',
  'elevate.after-hand-out',
] as const;

/** Points on the way from the end of a grant to a confirmed revocation. */
export const revokePoints = [
  'expire.due',
  'revoke.before-revoking',
  'revoke.after-revoking',
  'revoke.fenced',
  'revoke.killed',
  'revoke.inventoried',
  'revoke.cleaned',
  'revoke.dropped',
  'revoke.confirmed',
  'revoke.after-record',
] as const;

/** Points around every commit. */
export const storePoints = ['store-before-commit', 'store-after-commit'] as const;

/** Points of the start after a crash; those of a revocation are passed there as well. */
export const recoveryPoints = [
  'recover.start',
  'recover.before-lease',
  'recover.after-lease',
  'start.before-listen',
  'revoke.before-revoking',
  'revoke.after-revoking',
  'revoke.fenced',
  'revoke.killed',
  'revoke.inventoried',
  'revoke.cleaned',
  'revoke.dropped',
  'revoke.confirmed',
] as const;
