// What commands do at the shared store without a broker: set it up as an administrator, read it as an auditor.

import { anyBody } from '../../audit/body.ts';
import { leafHash } from '../../audit/chain.ts';
import { readHead as headOf, standingsOf } from '../../audit/trust.ts';
import { sslModeOf } from '../../core/postgres-address.ts';
import { Secret } from '../../core/secret.ts';
import type { StoreAddress } from '../../core/store-settings.ts';
import type { AuditReply } from '../../protocol/routes.ts';
import type {
  StoreInitReply,
  StoreInitRequest,
  StoreLogRequest,
  StoreVerifyReply,
  StoreVerifyRequest,
} from '../../protocol/store.ts';
import { migrations } from '../../shared-store/migrations/index.ts';
import { findEvents } from '../../shared-store/reader.ts';
import { setupSql } from '../../shared-store/setup.ts';
import { missingLogs, verifyStore } from '../../shared-store/verify.ts';
import { asAuditor, connectAs, secretOf } from './as-auditor.ts';
import { readKnown } from './known-elsewhere.ts';

/** As many as `jit audit log` takes. */
const most = 10_000;

/** The SQL for an administrator who would rather run it. */
export function storeSql(): string {
  return setupSql();
}

/** Applies what is not there yet. @throws JitError as the connection */
export async function storeInit(request: StoreInitRequest): Promise<StoreInitReply> {
  const { host, port, database, sslmode, sslRootCert } = request;
  const address: StoreAddress = {
    host,
    port,
    database,
    sslmode: sslModeOf({ host, ...(sslmode !== null && { sslmode }) }),
    sslRootCert,
    connectTimeout: 10_000,
  };
  const own = process.env['PGPASSWORD'];
  const given = typeof request.password === 'string' ? await secretOf(request.password) : request.password;
  const password = given ?? (own ? new Secret(own) : null);
  return connectAs(address, request.user, password, async (connection) => {
    const there = async (): Promise<number> => {
      const [table] = await connection.rows<{ name: string | null }>(
        "SELECT to_regclass('jit.migrations') AS name",
      );
      if (!table?.name) return 0;
      const [row] = await connection.rows<{ n: number }>('SELECT count(*)::int AS n FROM jit.migrations');
      return row?.n ?? 0;
    };
    const before = await there();
    await connection.run(setupSql());
    return { applied: migrations.slice(before).map(({ name }) => name), version: await there() };
  });
}

/** Events of everybody. @throws JitError `ERR_CONFIG` where the configuration names no auditor */
export async function storeLog(config: string | null, request: StoreLogRequest): Promise<AuditReply> {
  return asAuditor(config, async (connection) => {
    const found = await findEvents(connection, { ...request, limit: request.limit ?? most });
    return {
      // What no jit has written, or not at this place, keeps nothing else from being shown.
      events: found.map(({ origin, seq, leaf, body }) => {
        const said = leafHash(body) === leaf ? anyBody(body) : null;
        const isHere = said?.['origin'] === origin && said['seq'] === seq;
        return { leaf, body: isHere ? said : { origin, seq, type: 'unreadable' } };
      }),
    };
  });
}

/**
 * Verifies the log of everybody.
 * @throws JitError `ERR_CONFIG` where the configuration names no auditor; `ERR_USAGE` for a key or a head that is none
 */
export async function storeVerify(
  config: string | null,
  request: StoreVerifyRequest,
  onProgress: (done: number, total: number) => void,
): Promise<StoreVerifyReply> {
  const { keptSince } = request;
  const known = readKnown(request, 'jit audit verify --help');
  const logs = await asAuditor(config, (connection) =>
    verifyStore(connection, { ...known, keptSince, onProgress }),
  );
  const missing = missingLogs(logs, known);
  const heads = standingsOf(known.heads.map(headOf), logs, known.keys);
  return {
    valid: missing.length === 0 && logs.every(({ valid }) => valid),
    events: logs.reduce((sum, { events }) => sum + events, 0),
    logs: logs.map(({ missed: _1, fork: _2, checkpoint: _3, roots: _4, ...log }) => log),
    missing,
    heads: heads.filter(({ standing }) => standing === 'led_to').length,
    excused: heads.filter(({ standing }) => standing === 'excused').length,
    trusted: known.keys,
  };
}
