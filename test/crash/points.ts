// Where a broker can be made to die, from the first request to the last line of a recovery.

/** The points of one vendor and of the broker around it. */
export interface Points {
  /** On the way from a request to a handed-out credential. */
  readonly issue: readonly string[];
  /** On the way from the wish for a later end to its record. */
  readonly extend: readonly string[];
  /** On the way from the end of a grant to a confirmed revocation. */
  readonly revoke: readonly string[];
  /** Around every commit. */
  readonly store: readonly string[];
  /** Of the start after a crash alone; those of a revocation are passed there as well. */
  readonly recovery: readonly string[];
}

/**
 * @param denial the points inside of the vendor's own revocation, in their order
 * @param extend those of an extension, before its record
 */
export function pointsAround(denial: readonly string[], extend: readonly string[]): Points {
  return {
    issue: [
      'elevate.before-intent',
      'elevate.after-intent',
      'issue.before',
      'issue.sent',
      'issue.answered',
      'elevate.after-issue',
      'elevate.endpoints-open',
      'elevate.files-written',
      'elevate.after-hand-out',
    ],
    revoke: [
      'expire.due',
      'revoke.before-revoking',
      'revoke.after-revoking',
      ...denial,
      'revoke.confirmed',
      'revoke.after-record',
    ],
    extend: [...extend, 'extend.recorded'],
    store: ['store-before-commit', 'store-after-commit'],
    recovery: ['recover.start', 'recover.before-lease', 'recover.after-lease', 'start.before-listen'],
  };
}

/** All that have a name, in the order in which runs take them; `external` is a SIGKILL at a random moment. */
export function firstPoints({ issue, extend, revoke, store }: Points): readonly string[] {
  return [...issue, ...extend, ...revoke, ...store, 'external'];
}
