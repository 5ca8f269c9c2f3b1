// What commands and broker tell each other about the shared store, as types. Schemas: store-schema.ts.

import type { ErrorCode } from '../core/errors.ts';
import type { SslMode } from '../core/postgres-address.ts';
import type { Secret } from '../core/secret.ts';
import type { StoreLoss } from '../core/store-loss.ts';
import type { Instant, Milliseconds } from '../core/time.ts';
import type { ExportBatch, ExportRequest, ProveReply, ProveRequest } from './offline.ts';
import type { ReportReply, ReportRequest, ReportWatch } from './report.ts';
import type { AuditReply } from './routes.ts';

/** `POST /v1/sync` : where the log stands; with `now` it is pushed, and the answer waits for that so long at most. */
export interface SyncRequest {
  readonly now: boolean;
  readonly wait: Milliseconds;
}

/** How far the shared store is. */
export interface SyncReply {
  /** null: the configuration names none that this broker syncs to. */
  readonly store: {
    readonly host: string;
    readonly port: number;
    readonly database: string;
    readonly user: string;
    readonly maxUnsynced: { readonly events: number; readonly age: Milliseconds };
  } | null;
  readonly origin: string;
  /** Events of the log. */
  readonly events: number;
  readonly acknowledged: number;
  /** The store has told this broker so; false: it was noted before, and the store has not been heard since. */
  readonly heard: boolean;
  /** When the oldest that is not acknowledged was written. */
  readonly since: string | null;
  readonly running: boolean;
  /** Why the last push failed. */
  readonly failure: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly hint: string | null;
  } | null;
  /** Logs that came before this one and that the store does not take: how many events it lacks, and why. */
  readonly refused: readonly {
    readonly origin: string;
    readonly events: number;
    readonly message: string;
    readonly hint: string | null;
  }[];
  /** Logs of which the store had fewer events than it had acknowledged, in the last days; `has`: by now, null: not said yet. */
  readonly lost: readonly (StoreLoss & { readonly foundAt: Instant; readonly has: number | null })[];
}

/** `jit store init` : whom to connect as. */
export interface StoreInitRequest {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** A reference, or what was typed; null: what `PGPASSWORD` holds, or none. */
  readonly password: string | Secret | null;
  readonly sslmode: SslMode | null;
  readonly sslRootCert: string | null;
}

/** What was set up. */
export interface StoreInitReply {
  /** Migrations that were applied now, by name. */
  readonly applied: readonly string[];
  /** Migrations that are there. */
  readonly version: number;
}

/** `jit audit log --store` */
export interface StoreLogRequest {
  readonly grant: string | null;
  readonly target: string | null;
  readonly principal: string | null;
  readonly since: number | null;
  readonly until: number | null;
  readonly limit: number | null;
}

/** `jit audit report --store` */
export interface StoreReportRequest extends Omit<ReportRequest, 'file'> {
  /** Events from then on have to be there; null: all have to be. */
  readonly keptSince: Instant | null;
}

/** `jit audit export --store` : without `cursorFile`, from the first event of each log that is there. */
export type StoreExportRequest = Omit<ExportRequest, 'file' | 'after'>;

/** What was exported, of how many logs. */
export interface StoreExportReply {
  readonly events: number;
  readonly logs: number;
}

/** `jit audit prove --store` */
export type StoreProveRequest = Omit<ProveRequest, 'file'>;

/** `jit audit verify --store` : what the logs are held against. */
export interface StoreVerifyRequest {
  /** Keys that are trusted. */
  readonly keys: readonly string[];
  /** Files with signed heads that the logs have to lead to. */
  readonly heads: readonly string[];
  /** Events before this instant may be past their retention; null: none may be gone. */
  readonly keptSince: Instant | null;
}

/** `jit audit verify --store` : every log in the store. */
export interface StoreVerifyReply {
  readonly valid: boolean;
  readonly events: number;
  readonly logs: readonly {
    readonly origin: string;
    readonly valid: boolean;
    readonly events: number;
    /** The first event that is there. */
    readonly from: number;
    /** When the last one before it was written. */
    readonly retiredUpTo: string | null;
    readonly signed: number;
    readonly root: string | null;
    readonly keys: readonly string[];
    readonly registeredBy: string;
    readonly lastSeen: string;
    /** Events that the store does not have, and nothing shows that it ever had; null: none are known. */
    readonly note: string | null;
    readonly problem: { readonly seq: number; readonly what: string } | null;
  }[];
  /** Logs that a head or a key was given of, and that are not there. */
  readonly missing: readonly string[];
  /** Heads kept elsewhere that the logs lead to. */
  readonly heads: number;
  /** Others that they were compared with: lost, as a fork says whose key was given. */
  readonly excused: number;
  /** Keys that were given. */
  readonly trusted: readonly string[];
}

/** What commands do at the shared store without a broker. */
export interface StoreCommands {
  /** Events of everybody, from the shared store. */
  storeLog(config: string | null, request: StoreLogRequest): Promise<AuditReply>;
  /** Verifies everybody's logs in the shared store. */
  storeVerify(
    config: string | null,
    request: StoreVerifyRequest,
    onProgress: (done: number, total: number) => void,
  ): Promise<StoreVerifyReply>;
  /** Proves one event of anybody's log. */
  storeProve(
    config: string | null,
    request: StoreProveRequest,
    onProgress: (done: number, total: number) => void,
  ): Promise<ProveReply>;
  /** Exports everybody's logs, one after the other; goes on when a part was taken. */
  storeExport(
    config: string | null,
    request: StoreExportRequest,
    take: (batch: ExportBatch) => Promise<void>,
  ): Promise<StoreExportReply>;
  /** Reports on everybody's logs: verified and collected in one pass over one state of the store. */
  storeReport(config: string | null, request: StoreReportRequest, watch: ReportWatch): Promise<ReportReply>;
  storeInit(request: StoreInitRequest): Promise<StoreInitReply>;
  /** The SQL that sets up a shared store. */
  storeSql(): string;
}
