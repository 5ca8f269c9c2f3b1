// Used identity tokens and the runs of grants as rows.

import type { Database } from 'better-sqlite3';
import { JitError } from '../core/errors.ts';
import type { Instant } from '../core/time.ts';
import { statements } from './statements.ts';

/** A token that must not be taken again. */
export interface UsedToken {
  /** SHA-256, hex. */
  readonly token: string;
  /** Refused for its age from then on, so it need not be remembered. */
  readonly expiresAt: Instant;
}

/** Reads and writes of what CI jobs leave; inside a transaction or not. */
export interface Jobs {
  /** @throws JitError `ERR_POLICY_DENIED` when it was used before */
  useToken(used: UsedToken, now: Instant): void;
  isTokenUsed(token: string): boolean;
  putRun(grant: string, run: string): void;
  /** Ids of the grants that this run has asked for. */
  grantsOfRun(run: string): string[];
}

/** Those in `db`. */
export function openJobs(db: Database): Jobs {
  const prepare = statements(db);
  return {
    useToken({ token, expiresAt }, now) {
      prepare('DELETE FROM used_tokens WHERE expires_ms < :now').run({ now: Math.floor(now) });
      const { changes } = prepare(
        'INSERT OR IGNORE INTO used_tokens (token, expires_ms) VALUES (:token, :expires)',
      ).run({ token: Buffer.from(token, 'hex'), expires: Math.ceil(expiresAt) });
      if (changes === 1) return;
      throw new JitError('ERR_POLICY_DENIED', 'the identity token was used before', {
        hint: 'ask for a new token',
      });
    },
    isTokenUsed: (token) =>
      prepare('SELECT 1 FROM used_tokens WHERE token = :token').get({ token: Buffer.from(token, 'hex') }) !==
      undefined,
    putRun: (grant, run) =>
      void prepare('INSERT OR IGNORE INTO grant_runs (grant_id, run) VALUES (:grant, :run)').run({
        grant,
        run,
      }),
    grantsOfRun: (run) =>
      prepare<string>('SELECT grant_id FROM grant_runs WHERE run = :run ORDER BY grant_id')
        .pluck()
        .all({ run }),
  };
}
