// Compares the roles on the server that carry jit's mark with the leases that the broker knows, both ways.

import type { Instant, Milliseconds } from '../../core/time.ts';
import type { ProviderTools, Reconciled } from '../provider.ts';
import { readComment } from './comment.ts';
import type { Server } from './connection.ts';
import { plain } from './failure.ts';
import type { PostgresHandle, ServerAddress } from './handle.ts';
import { leaseOfName, roleName } from './names.ts';

interface Marked {
  readonly oid: number;
  readonly name: string;
  readonly comment: string | null;
  readonly until: number | null;
}

// A role that another login administers is that login's: several brokers may share a server, each with its own.
const marked = `
  SELECT r.oid, r.rolname AS name, shobj_description(r.oid, 'pg_authid') AS comment,
         CASE WHEN isfinite(r.rolvaliduntil) THEN (extract(epoch FROM r.rolvaliduntil) * 1000)::float8 END AS until
    FROM pg_roles r
   WHERE r.rolname LIKE 'jit\\_%' AND r.rolname <> ALL ($1)
     AND (NOT EXISTS (SELECT FROM pg_auth_members a WHERE a.roleid = r.oid)
          OR EXISTS (SELECT FROM pg_auth_members a JOIN pg_roles b ON b.oid = a.member
                      WHERE a.roleid = r.oid AND b.rolname = current_user))
   ORDER BY r.rolname`;

/** After this long past its deadline a role is taken back by whoever sees it: its own broker does not come back. */
const abandoned: Milliseconds = 3_600_000;

/**
 * Roles that another broker made (another `origin` in the comment) are its own until they are abandoned.
 * `known` may hold handles of other targets, of this server and of others: they make a role known, and only those of
 * this target on this server can be missing.
 */
export function reconcileRoles(
  server: Server,
  quarantine: string,
  known: readonly PostgresHandle[],
  { clock, origin }: Pick<ProviderTools, 'clock' | 'origin'>,
  signal: AbortSignal,
): Promise<Reconciled<PostgresHandle>> {
  const { address } = server;
  return server.use({ signal, lane: 'revoke' }, async (connection) => {
    const roles = await connection.rows<Marked>(marked, [[address.user, quarantine]]);
    const own = known.filter((handle) => handle.target === address.target && isOn(address, handle));
    const present = await connection.rows<{ oid: number; name: string }>(
      'SELECT oid, rolname AS name FROM pg_roles WHERE oid = ANY ($1) OR rolname = ANY ($2)',
      [own.flatMap((handle) => handle.oid ?? []), own.map((handle) => handle.name)],
    );
    // Names are random: the same one is the same role, whatever the server is called in the handle. A number is not.
    const knows = (role: { oid: number; name: string }) => (handle: PostgresHandle) =>
      handle.name === role.name || (handle.oid === role.oid && isOn(address, handle));
    const unknown = roles
      .filter((role) => !known.some(knows(role)))
      .flatMap((role) => describe(role, address, quarantine, origin, clock.now()) ?? []);
    const missing = own.filter((handle) => !present.some((role) => knows(role)(handle)));
    return { unknown, missing };
  });
}

function isOn({ host, port }: ServerAddress, handle: PostgresHandle): boolean {
  return handle.host === host && handle.port === port;
}

/** Null when nothing but the first letters of the name speaks for jit. */
function describe(role: Marked, address: ServerAddress, quarantine: string, origin: string, now: Instant) {
  const comment = readComment(role.comment);
  const isTold =
    comment !== null && /^[a-z0-9_-]{1,59}$/.test(comment.lease) && roleName(comment.lease) === role.name;
  const lease = isTold ? comment.lease : leaseOfName(role.name);
  if (lease === null) return null;
  const deadline = comment?.deadline ?? role.until ?? now;
  const isOthers = comment !== null && comment.origin !== null && comment.origin !== origin;
  if (isOthers && now < deadline + abandoned) return null;
  const handle: PostgresHandle = {
    ...address,
    lease,
    name: role.name,
    oid: role.oid,
    quarantine,
    groups: [],
    deadline,
  };
  const detail = `role ${plain(role.name)} of lease ${lease}, until ${new Date(deadline).toISOString()}`;
  return { handle, where: plain(role.name), detail };
}
