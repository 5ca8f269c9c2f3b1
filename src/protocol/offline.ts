// What commands may ask without a running broker, as types. The implementation is the broker's bundle,
// loaded by src/cli/heavy.ts alone.

import type { Secret } from '../core/secret.ts';
import type { Instant, Milliseconds } from '../core/time.ts';
import type { ReportReply, ReportRequest, ReportWatch } from './report.ts';
import type { StoreCommands } from './store.ts';

/** `jit policy check` */
export interface PolicyCheckReply {
  readonly path: string;
  readonly targets: number;
  readonly entitlements: number;
  readonly warnings: readonly string[];
}

/** `jit policy explain` : as whom, and for what. */
export interface ExplainRequest {
  /** null: the user who asks. */
  readonly principal: string | null;
  readonly target: string;
  readonly role: string | null;
  readonly scope: string | null;
  readonly duration: Milliseconds | null;
  readonly reason: string | null;
  readonly ticket: string | null;
  readonly interactive: boolean;
  readonly ci: boolean;
  /** null: now. */
  readonly at: number | null;
}

/** The decision, and for every entitlement in file order whether it matched and why not. */
export interface ExplainReply {
  readonly principal: string;
  readonly target: string;
  readonly role: string;
  readonly scope: string | null;
  readonly outcome: 'allowed' | 'needs-approval' | 'denied';
  readonly duration: Milliseconds | null;
  readonly entitlement: string | null;
  readonly reasons: readonly string[];
  readonly hint: string | null;
  readonly limit: { readonly value: Milliseconds; readonly from: 'entitlement' | 'target' } | null;
  readonly considered: readonly {
    readonly entitlement: string;
    readonly matched: boolean;
    readonly why: string;
  }[];
  readonly preview: readonly string[];
}

/** `jit policy test` : one row per case of the file. */
export interface PolicyTestReply {
  readonly path: string;
  readonly cases: readonly {
    readonly name: string;
    readonly expected: string;
    readonly actual: string;
    readonly passed: boolean;
    readonly why: string;
  }[];
}

/** `jit audit verify` */
export interface VerifyReply {
  readonly path: string;
  readonly valid: boolean;
  readonly events: number;
  /** Leaf hash (hex) of the last event. */
  readonly head: string;
  readonly firstAt: string | null;
  readonly lastAt: string | null;
  /** How often the clock went back from one event to the next: no fault of the log. */
  readonly clockSteps: number;
  /** The first thing that is wrong. */
  readonly problem: { readonly seq: number; readonly what: string } | null;
  /** The logs of the file, one after the other: more than one after a fork. */
  readonly logs: readonly {
    readonly origin: string;
    readonly events: number;
    /** Of the Merkle tree, hex. */
    readonly root: string;
    /** Events that the newest checkpoint covers. */
    readonly signed: number;
    /** Keys that it named, in order of succession. */
    readonly keys: readonly string[];
    /** Why it goes on from the log before; null for the first. */
    readonly fork: string | null;
    /** The first thing that is wrong with this log, by its own sequence numbers; null: it is valid. */
    readonly problem: { readonly seq: number; readonly what: string } | null;
  }[];
  /** Heads kept elsewhere that the file leads to. */
  readonly heads: number;
  /** Others that it was compared with: lost, as a fork says. */
  readonly excused: number;
  /** Keys that were given; none: the ones that the log names are trusted. */
  readonly trusted: readonly string[];
}

/** What to verify, and with what. */
export interface VerifyRequest {
  /** null: this user's own log. */
  readonly file: string | null;
  /** Keys that are trusted. */
  readonly keys: readonly string[];
  /** Files with signed heads that the log has to lead to. */
  readonly heads: readonly string[];
}

/** `jit audit prove` */
export interface ProveRequest {
  /** A sequence number, `<log>:<sequence>`, or a leaf hash. */
  readonly event: string;
  /** A log file; null: this user's own. */
  readonly file: string | null;
  readonly output: string | null;
}

/** The proof, and what it is about. */
export interface ProveReply {
  readonly origin: string;
  readonly seq: number;
  readonly leaf: string;
  /** Events that the checkpoint in the proof covers. */
  readonly size: number;
  readonly output: string | null;
  readonly proof: string;
}

/** `jit audit verify-proof` */
export interface ProofCheckRequest {
  readonly file: string;
  readonly keys: readonly string[];
  /** A file with the event; null: the one in the proof. */
  readonly event: string | null;
}

/** What a proof shows. */
export interface ProofCheck {
  readonly path: string;
  readonly valid: true;
  readonly origin: string;
  readonly seq: number;
  readonly leaf: string;
  readonly size: number;
  readonly root: string;
  /** Who signed. */
  readonly key: string;
  readonly event: { readonly type: string; readonly ts: string; readonly seq: string };
}

/** `jit audit export` */
export interface ExportRequest {
  readonly format: 'jsonl' | 'csv' | 'cef' | 'ocsf';
  /** Version of the schema of OCSF. */
  readonly ocsf: '1.8' | '1.9';
  /** From here on, this instant included; null: whenever. */
  readonly since: Instant | null;
  /** Before this instant. */
  readonly until: Instant | null;
  /** `<origin>:<sequence>` of the event to go on after; null: from the first on, or where `cursorFile` says. */
  readonly after: string | null;
  readonly cursorFile: string | null;
  /** A log file; null: this user's own. */
  readonly file: string | null;
}

/** A part of an export. */
export interface ExportBatch {
  readonly text: string;
  /** Events so far, this part included. */
  readonly events: number;
  /** How far the log has been read, of how much there is to read. */
  readonly done: number;
  readonly total: number;
}

/** What was exported. */
export interface ExportReply {
  readonly events: number;
  /** `<origin>:<sequence>` to go on after; null: there was nothing, and no cursor. */
  readonly cursor: string | null;
}

/** What every first configuration says, whatever the vendor. */
export interface InitFrame {
  readonly path: string;
  /** Replace what is there. */
  readonly force: boolean;
  readonly target: string;
  readonly maxDuration: Milliseconds;
  readonly risk: 'low' | 'medium' | 'high';
}

/** `jit init postgres` : a first config for one PostgreSQL target. */
export interface InitRequest extends InitFrame {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** Role on the target -> NOLOGIN group roles on the server. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  readonly brokerUser: string;
}

/** What was written, and the SQL that an administrator runs once (holds a SCRAM verifier, no password). */
export interface InitReply {
  readonly path: string;
  readonly secret: string;
  readonly sql: string;
}

/** `jit init aws` : a first config for one AWS target. */
export interface InitAwsRequest extends InitFrame {
  readonly region: string;
  /** Role on the target -> ARN of the role of IAM. */
  readonly roles: Readonly<Record<string, string>>;
  /** How the broker itself logs in. With a web identity the token opens `roleArn` first. */
  readonly login:
    | { readonly kind: 'credentials'; readonly reference: string }
    | { readonly kind: 'profile'; readonly name: string }
    | { readonly kind: 'web-identity'; readonly tokenFile: string; readonly roleArn: string };
  readonly mfaSerial: string | null;
  readonly externalId: string | null;
  /** The broker's own user or role; null: the set-up leaves a place for it. */
  readonly brokerArn: string | null;
  readonly revoke: 'deny-session' | 'none';
}

/** What was written, and what an administrator of the account sets up once, said twice. */
export interface InitAwsReply {
  readonly path: string;
  readonly terraform: string;
  /** AWS CLI, a line each. */
  readonly commands: readonly string[];
  /** What to know about it, in sentences. */
  readonly notes: readonly string[];
}

/** `jit secret set` */
export interface SecretSetRequest {
  /** `keychain:<service>/<account>` */
  readonly reference: string;
  readonly value: Secret;
  /** `aws`: an access key in one of the forms that AWS's tools print; stored as the broker reads it. */
  readonly kind: 'text' | 'aws';
  /** Which profile of a credentials file; null: the only one. */
  readonly profile: string | null;
}

/** What may be told of a secret that can be read: never the value. */
export interface SecretReply {
  readonly reference: string;
  /** null: it is no AWS access key. */
  readonly accessKey: { readonly ends: string; readonly temporary: boolean } | null;
}

/** A broker that runs inside a command. */
export interface OpenBroker {
  /** Ends every grant now; the broker goes on. */
  release(): Promise<void>;
  /** Settles when no command of another process uses this broker any more. */
  othersLeft(): Promise<void>;
  /**
   * Takes back what is left, then ends; what could not be confirmed gone stays on disk for the next broker, and so do
   * events that the shared store has not acknowledged (`unsynced`).
   */
  close(cause: string): Promise<{
    readonly overdue: number;
    readonly ending: number;
    readonly unsynced: number;
  }>;
}

/** The heavy half of the command line. Config path `null` means: where `JIT_CONFIG` or XDG says. */
export interface Offline extends StoreCommands {
  policyCheck(config: string | null): Promise<PolicyCheckReply>;
  policyExplain(config: string | null, request: ExplainRequest): Promise<ExplainReply>;
  policyTest(config: string | null, cases: string): Promise<PolicyTestReply>;
  auditVerify(request: VerifyRequest): Promise<VerifyReply>;
  auditProve(request: ProveRequest): Promise<ProveReply>;
  auditVerifyProof(request: ProofCheckRequest): Promise<ProofCheck>;
  /** Hands on the text of each part, and goes on when it was taken. */
  auditExport(request: ExportRequest, take: (batch: ExportBatch) => Promise<void>): Promise<ExportReply>;
  auditReport(request: ReportRequest, watch: ReportWatch): Promise<ReportReply>;
  init(request: InitRequest): Promise<InitReply>;
  initAws(request: InitAwsRequest): Promise<InitAwsReply>;
  /** Writes to the keychain, and reads back what is there. */
  secretSet(request: SecretSetRequest): Promise<SecretReply>;
  /** Whether what is behind any reference can be read from here. */
  secretCheck(reference: string): Promise<SecretReply>;
  secretRemove(reference: string): Promise<void>;
  /**
   * Starts a broker in this process; null when another one runs. The environment of this process becomes `env`.
   */
  openBroker(config: string | null, env: Readonly<Record<string, string>>): Promise<OpenBroker | null>;
  /** Runs the broker until it is told to stop. */
  runBroker(config: string | null): Promise<void>;
}
