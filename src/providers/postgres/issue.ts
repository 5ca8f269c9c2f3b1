// Makes the role of a lease in one transaction. Nothing is left when it fails; what cannot be known is said so.

import { parseDuration } from '../../core/duration.ts';
import { JitError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { failpoint } from '../../system/failpoint.ts';
import type { Issued, PlanRequest } from '../provider.ts';
import { readComment, roleComment } from './comment.ts';
import type { Connection } from './connection.ts';
import type { Context } from './context.ts';
import { failureOf, sqlStateOf } from './failure.ts';
import { findRole } from './find-role.ts';
import { handOut } from './hand-out.ts';
import type { PostgresHandle } from './handle.ts';
import type { Rights } from './plan.ts';
import { quoteIdent, quoteLiteral } from './quote.ts';
import { repeat } from './repeat.ts';
import { freshVerifier } from './scram.ts';
import { type ServerFacts, serverFacts, skewOf } from './server-facts.ts';

/** More than this between the two clocks, and VALID UNTIL would not mean what was granted. */
const longestSkew = 5 * 60_000;

/**
 * Issues, in one transaction. Called again for the same lease after a crash, it gives the role a new password.
 * @throws JitError `ERR_CLOCK`, `ERR_CONFLICT` (a role of this name that is not this lease's, or is being
 *   revoked); `ERR_REVOKE_INCOMPLETE` when the connection broke at COMMIT, so that the role may exist.
 */
export async function issueLease(
  context: Context,
  request: PlanRequest,
  rights: Rights,
): Promise<Issued<PostgresHandle>> {
  const { handle, server, signal, random } = context;
  // 192 bits, letters and digits of base64url only: no client needs to escape it.
  const password = new Secret(random.bytes(24).toString('base64url'));
  const verifier = freshVerifier(password, random);
  const oid = await server.use({ signal, lane: 'issue' }, async (connection) => {
    const facts = await serverFacts(connection);
    refuseUnfit(context, facts, rights);
    failpoint('issue.before');
    return repeat(context, async () => {
      const found = await findRole(connection, handle);
      if (found) refuseForeign(handle, found);
      await connection
        .run(`BEGIN; ${statements(context, request, rights, facts, verifier, found !== null)}`)
        .catch((thrown) => rollBack(connection, thrown));
      const made = await findRole(connection, handle);
      await commit(connection, context);
      return made?.oid ?? null;
    });
  });
  failpoint('issue.sent');
  if (oid === null) throw new JitError('ERR_INTERNAL', `role "${handle.name}" was made and is not there`);
  const issued = { ...handle, oid };
  return {
    handle: issued,
    expiresAt: handle.deadline,
    handOut: handOut(issued, password, applicationName(request)),
  };
}

async function rollBack(connection: Connection, thrown: unknown): Promise<never> {
  await connection.run('ROLLBACK').catch(() => undefined);
  throw thrown;
}

async function commit(connection: Connection, { server }: Context): Promise<void> {
  try {
    await connection.run('COMMIT');
  } catch (thrown) {
    const failure = failureOf(thrown, server.address);
    // Only a plain refusal tells that nothing was made; a lost connection tells nothing.
    if (sqlStateOf(thrown) !== null && failure.code === 'ERR_TARGET_REFUSED') throw thrown;
    throw new JitError(
      'ERR_REVOKE_INCOMPLETE',
      `${failure.message}: the role may exist and is being revoked`,
      {
        cause: thrown,
      },
    );
  }
}

function refuseUnfit({ clock, handle }: Context, facts: ServerFacts, rights: Rights): void {
  const skew = skewOf(facts, clock);
  if (Math.abs(skew) > longestSkew) {
    const minutes = Math.round(Math.abs(skew) / 60_000);
    const side = skew > 0 ? 'ahead of' : 'behind';
    throw new JitError(
      'ERR_CLOCK',
      `the clock of target "${handle.target}" is ${minutes} minutes ${side} this one`,
      {
        hint: 'set both clocks by NTP: the server ends the role by its own',
      },
    );
  }
  if (facts.version < 150_000) {
    throw new JitError('ERR_TARGET_REFUSED', `target "${handle.target}" runs a PostgreSQL older than 15`);
  }
  if (rights.options.log_statements && !facts.maySetLogging) {
    throw new JitError(
      'ERR_TARGET_REFUSED',
      'the role wants every statement logged, which the broker may not set',
      {
        hint: `run as administrator: GRANT SET ON PARAMETER log_statement TO ${quoteIdent(handle.user)}`,
      },
    );
  }
}

function refuseForeign(handle: PostgresHandle, found: { canLogin: boolean; comment: string | null }): void {
  if (found.canLogin && readComment(found.comment)?.lease === handle.lease) return;
  const why = found.canLogin ? 'and is not of this lease' : 'and is being revoked';
  throw new JitError('ERR_CONFLICT', `role "${handle.name}" exists on target "${handle.target}" ${why}`);
}

function statements(
  { handle, origin }: Context,
  request: PlanRequest,
  { groups, options }: Rights,
  { version }: ServerFacts,
  verifier: string,
  exists: boolean,
): string {
  const role = quoteIdent(handle.name);
  const isNew = version >= 160_000;
  const until = quoteLiteral(new Date(handle.deadline).toISOString());
  const settings: [string, string][] = [
    ['application_name', applicationName(request)],
    ...(options.read_only ? [['default_transaction_read_only', 'on'] satisfies [string, string]] : []),
    ...timeout('statement_timeout', options.statement_timeout),
    ...timeout('idle_in_transaction_session_timeout', options.idle_timeout),
    ...(options.log_statements ? [['log_statement', 'all'] satisfies [string, string]] : []),
  ];
  return [
    // From 16 on the broker administers what it creates, and this makes it a member too: needed to clean up.
    ...(isNew ? [`SET LOCAL createrole_self_grant = 'set, inherit'`] : []),
    `${exists ? 'ALTER' : 'CREATE'} ROLE ${role} LOGIN ${exists ? '' : 'NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS'}
       INHERIT CONNECTION LIMIT ${options.connection_limit}
       PASSWORD ${quoteLiteral(verifier)} VALID UNTIL ${until}`,
    ...(isNew || exists ? [] : [`GRANT ${role} TO ${quoteIdent(handle.user)}`]),
    // SET FALSE: nobody can become the group role and so outlive the membership.
    ...groups.map(
      (group) => `GRANT ${quoteIdent(group)} TO ${role}${isNew ? ' WITH INHERIT TRUE, SET FALSE' : ''}`,
    ),
    ...settings.map(([name, value]) => `ALTER ROLE ${role} SET ${name} = ${quoteLiteral(value)}`),
    `COMMENT ON ROLE ${role} IS ${quoteLiteral(roleComment(request, origin))}`,
  ].join('; ');
}

/** Names the grant in pg_stat_activity and in the server's log. */
function applicationName(request: PlanRequest): string {
  return `jit ${request.grant}`;
}

function timeout(name: string, text: string | undefined): [string, string][] {
  return text === undefined ? [] : [[name, `${parseDuration(text)}ms`]];
}
