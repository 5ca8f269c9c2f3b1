// The contract between the broker and a vendor. One folder per vendor implements it; siblings never meet.

import type { ObjectEntries } from 'valibot';
import type { Finding } from '../core/finding.ts';
import type { EndCause } from '../core/grant.ts';
import type { Json } from '../core/json.ts';
import type { Secret } from '../core/secret.ts';
import type { TargetConfig } from '../core/target.ts';
import type { Instant } from '../core/time.ts';
import type { Clock } from '../system/clock.ts';
import type { Random } from '../system/random.ts';
import type { Sealer } from '../system/seal.ts';

/** What a lease is to be issued for. Everything here may be shown and audited. */
export interface PlanRequest {
  readonly lease: string;
  readonly grant: string;
  readonly principal: string;
  readonly reason: string | null;
  readonly ticket: string | null;
  /** Name of the role on this target, as in the config. */
  readonly role: string;
  readonly scope: string | null;
  readonly now: Instant;
  readonly deadline: Instant;
  /** For `refresh`: the secret itself was put into somebody's environment, where none can be replaced. */
  readonly exported?: boolean;
}

/** What is known before a lease has a name. */
export type PrepareRequest = Pick<PlanRequest, 'principal' | 'role' | 'scope'> & {
  /** A person is at the terminal that waits. */
  readonly attended?: boolean;
};

/** Names chosen before anything exists, so that a crash at any later point leaves something to look for. */
export interface Plan<Handle extends Json> {
  readonly handle: Handle;
  /** When the target's own clock ends the credential without the broker's help. */
  readonly hardDeadline: Instant;
  /** What will be granted, one line each, for people. */
  readonly preview: readonly string[];
}

/** A file that the child reads its credential from, by reference: the broker writes it 0600. */
export interface HandOutFile {
  readonly name: string;
  /** Environment variable that names the file's path. */
  readonly variable: string;
  readonly content: Secret;
  /** Nothing in it is secret: it stays while an endpoint says that the grant has ended, so that clients come to ask. */
  readonly lingers?: boolean;
  /** What it becomes while a shell goes on after the end, so that clients fail instead of asking. Nothing secret. */
  readonly tombstone?: string;
}

/** A loopback HTTP endpoint that the broker opens for the child: own port, path and bearer per grant. */
export interface HandOutEndpoint {
  /** Environment variable that names the endpoint's URL, e.g. `AWS_CONTAINER_CREDENTIALS_FULL_URI`. */
  readonly urlVariable: string;
  /** Environment variable that names the file with the bearer, e.g. `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE`. */
  readonly tokenFileVariable: string;
  /** The JSON to answer with, from memory, never contacts anybody. @throws JitError when there is nothing to serve (any more) */
  answer(): Secret;
}

/** How the child is told about its credential. */
export interface HandOut {
  /** Values that are no secret. */
  readonly env: Readonly<Record<string, string>>;
  readonly files: readonly HandOutFile[];
  /** With one, the credential is served there and is in none of the files, which configure its clients. */
  readonly endpoints?: readonly HandOutEndpoint[];
  /** What helper programs of clients are given, from memory, by kind (`aws`: as `credential_process` prints it). */
  readonly helpers?: Readonly<Record<string, () => Readonly<Record<string, string | number>>>>;
  /** Variables that would win over these and so are removed from the child. */
  readonly unset: readonly string[];
  /** Secrets in the environment, by export kind (`url`); used only when asked for by name. */
  readonly exports: Readonly<Record<string, Readonly<Record<string, Secret>>>>;
  /** The export kind that is given even when nobody asks for one by name. */
  readonly always?: string;
}

/** What may be told of a handle. */
export interface Described {
  /** What exists on the target, unique among all targets of this vendor: the name chosen in `plan`. */
  readonly name: string;
  /** What an auditor needs to find it there, e.g. host, database, OID. */
  readonly facts: Readonly<Record<string, Json>>;
}

/** What a provider made. */
export interface Issued<Handle extends Json> {
  /** The handle of the plan, completed with what the target alone could tell (an OID). */
  readonly handle: Handle;
  /** The expiry that the vendor really gave. */
  readonly expiresAt: Instant;
  /** When the broker should call `refresh`; null: the credential lasts as long as the lease. */
  readonly refreshAt?: Instant | null;
  readonly handOut: HandOut;
}

/** How a provider tells the broker what it is doing while it revokes. Never throws. */
export interface RevokeReport {
  /** A named step is done, e.g. `fenced`, `killed`. Idempotent: the same step may come again. */
  step(name: string, facts?: Readonly<Record<string, Json>>): void;
  /** Nobody can use the credential any more, though objects may remain to be cleaned. */
  accessEnded(): void;
  /** Somebody has access after all: takes `accessEnded` back, also that of an earlier attempt. */
  accessFound(): void;
  finding(finding: Finding): void;
  /** A credential may exist until then whose secret nobody was ever told, so that nobody can take it back. */
  undisclosed(until: Instant, why: string): void;
}

/** What `refresh` answers. */
export interface Refreshed<Handle extends Json> {
  readonly expiresAt: Instant;
  /** When to call it again; null: the credential lasts as long as the lease. */
  readonly refreshAt: Instant | null;
  /** Replaces the lease's handle; absent: it stays as it was recorded last. */
  readonly handle?: Handle;
}

/**
 * Writes a changed handle of an active lease durably, before it answers, with a `lease.step` of that name. A provider whose
 * handle cannot cover a credential before it exists calls it before it makes one and again when it has it.
 * @throws JitError `ERR_AUDIT_UNAVAILABLE`: it is not on disk; `ERR_CONFLICT`: the lease is over
 */
export type RefreshRecord<Handle extends Json> = (change: {
  readonly handle: Handle;
  /** When all that the handle stands for has ended by the target's own clock. */
  readonly hardDeadline: Instant;
  readonly step: string;
}) => void;

/** Whether the credential is on the target. `unknown`: the target did not say. */
export type Presence = 'gone' | 'alive' | 'unknown';

/** One line of `jit doctor`. */
export interface Check {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  /** What to do about it, in words. */
  readonly advice?: string;
  /** What an administrator has to run once, exactly as it is: SQL. No secrets. Of what is well: what was run for it. */
  readonly remedy?: string;
}

/**
 * A vendor. Every call may be repeated after a crash.
 *
 * Errors are `JitError`: `ERR_TARGET_UNREACHABLE` (no connection; worth a quick retry) or
 * `ERR_TARGET_REFUSED` (the target answered no), `ERR_SECRET_UNAVAILABLE` (the broker's own credential
 * for the target cannot be read). No message holds a secret.
 */
export interface Provider<Handle extends Json = Json> {
  /** The kinds of `HandOut.exports`, known before anything is issued. */
  readonly exports: readonly string[];
  /** Pure: chooses names, contacts nobody. @throws JitError `ERR_UNKNOWN_NAME` for a role or scope that the target lacks. */
  plan(request: PlanRequest): Plan<Handle>;
  /**
   * Gets what the broker itself needs to be allowed to issue, before anything is recorded: logs in, asks a person for an
   * MFA code. Many calls at once are one, which goes on when the signal of one of them aborts. Absent: there is nothing
   * to prepare. @throws JitError as `issue`; callers that shared a call are thrown the same object
   */
  prepare?(request: PrepareRequest, signal: AbortSignal): Promise<void>;
  /** Pure: what a handle stands for, as it may be shown, audited and sent on. Never a secret. */
  describe(handle: Handle): Described;
  /**
   * All or nothing. What is thrown tells which: after `ERR_TARGET_UNREACHABLE`, `ERR_TARGET_REFUSED`, `ERR_CLOCK`
   * and `ERR_SECRET_UNAVAILABLE` nothing was made, and the provider vouches for it. After anything else the outcome
   * is unknown (e.g. `ERR_REVOKE_INCOMPLETE`: the answer to the last step was lost), and the broker revokes by the
   * plan's handle.
   */
  issue(handle: Handle, request: PlanRequest, signal: AbortSignal): Promise<Issued<Handle>>;
  /** Moves the credential's own end on the target. Idempotent. */
  renew?(handle: Handle, deadline: Instant, signal: AbortSignal): Promise<{ hardDeadline: Instant }>;
  /**
   * Pure: how the handle of an active lease has to read so that it covers what ends at `deadline`. Instead of `renew`, where
   * an end cannot be moved: once that handle is on disk, `refresh` makes another credential under the same names. What
   * was read before ends when it always would have.
   */
  replan?(handle: Handle, deadline: Instant): { readonly handle: Handle; readonly hardDeadline: Instant };
  /**
   * Makes the credential of an active lease anew; what `answer` and `helpers` serve changes. Either the names of its handle
   * cover it already, or it is told to `record` before and after.
   */
  refresh?(
    handle: Handle,
    request: PlanRequest,
    signal: AbortSignal,
    record: RefreshRecord<Handle>,
  ): Promise<Refreshed<Handle>>;
  /** A link that opens the vendor's web console with the rights of an active lease. @throws JitError `ERR_UNSUPPORTED` without one */
  console?(handle: Handle, signal: AbortSignal): Promise<{ url: Secret; endsAt: Instant }>;
  /** Pure: when a credential that `revoke` cannot take back ends by itself; null when revoke really revokes. */
  irrevocableUntil?(handle: Handle): Instant | null;
  /** Idempotent; already gone is success. `deadline`-free: it goes on until done or the signal aborts. */
  revoke(handle: Handle, cause: EndCause, report: RevokeReport, signal: AbortSignal): Promise<void>;
  /** Pure: the handle of a credential that is confirmed gone, without whatever secret it was revoked by. */
  spent?(handle: Handle): Handle;
  /** Looks whether the credential is really gone; never assumes. */
  confirm(handle: Handle, signal: AbortSignal): Promise<Presence>;
  /**
   * Credentials on the target that carry jit's mark: those that no lease knows (`unknown`, with a handle
   * that `revoke` takes), and known handles whose credential is missing.
   */
  reconcile?(known: readonly Handle[], signal: AbortSignal): Promise<Reconciled<Handle>>;
  /** What `jit doctor` shows for this target. Reports, never throws for a target that is down. */
  check?(signal: AbortSignal): Promise<Check[]>;
  /** SQL or commands that an administrator runs once to prepare the target. */
  setup?(): Promise<string>;
  /** Drops pooled connections. */
  close(): Promise<void>;
}

/** The answer of {@link Provider.reconcile}. */
export interface Reconciled<Handle extends Json> {
  readonly unknown: readonly { readonly handle: Handle; readonly where: string; readonly detail: string }[];
  readonly missing: readonly Handle[];
}

/** What a provider needs of the outside world, besides its vendor. */
export interface ProviderTools {
  readonly clock: Clock;
  readonly random: Random;
  /** Seals what a handle has to hold of a secret; absent in tools that issue nothing. */
  readonly sealer?: Sealer;
  /** Command line that runs jit, quoted for a shell, for configuration files of clients; absent in tools that hand out nothing. */
  readonly helperCommand?: string;
  /** Names this broker, so that another broker's credentials on the same target are not taken for orphans. */
  readonly origin: string;
  /** The value behind a reference of the config (`keychain:`, `env:`, `file:`, `command:`). @throws JitError `ERR_SECRET_UNAVAILABLE` */
  resolveSecret(reference: string): Promise<Secret>;
  /**
   * Asks a person for something short, e.g. an MFA code; questions with the same key are asked once. `target`: the one
   * that it is about, so that whoever waits for it is asked. Absent, or answering null: nobody can be asked.
   */
  askInput?(question: {
    readonly key: string;
    readonly text: string;
    readonly target: string;
  }): Promise<Secret | null>;
  /**
   * Shows the terminals at which this principal waits for the target what is to be done elsewhere, also those that come
   * later, until the answer is called. Absent, or answering null: nobody waits at a terminal.
   */
  showNotice?(notice: {
    readonly text: string;
    readonly target: string;
    readonly principal: string;
  }): (() => void) | null;
}

/** A vendor's part of a first configuration, as the keys and values of the file. */
export interface Starter {
  /** Of the target, besides what every target has. */
  readonly target: Readonly<Record<string, Json>>;
  readonly roles: Readonly<Record<string, Readonly<Record<string, Json>>>>;
}

/** A vendor before any target: what its configuration looks like, and how to reach a target. */
export interface ProviderKind<Handle extends Json = Json> {
  /** As `provider:` names it in the config. */
  readonly kind: string;
  /** Valibot entries that the config schema adds to a target, to each of its roles, to each scope. */
  readonly schema: {
    readonly target: ObjectEntries;
    readonly role: ObjectEntries;
    readonly scope: ObjectEntries;
  };
  /** What the config's values mean together, beyond their schema: sentences, empty when all is well. */
  validate?(target: TargetConfig): string[];
  /** What is allowed in them but cannot do what is hoped for: sentences, told by `jit policy check`. */
  doubt?(target: TargetConfig): string[];
  open(target: TargetConfig, tools: ProviderTools): Provider<Handle>;
  /** For a lease whose target left the config: revokes and confirms from the handle alone. */
  openByHandle(handle: Handle, tools: ProviderTools): Provider<Handle>;
}
