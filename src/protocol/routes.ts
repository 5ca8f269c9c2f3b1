// What crosses the socket, as types: one request and one reply per verb. Schemas that check them: schemas.ts.

import type { ErrorCode } from '../core/errors.ts';
import type { GrantState, Session } from '../core/grant.ts';
import type { OnEnd, ShellTerms } from '../core/shell-terms.ts';
import type { Risk } from '../core/target.ts';
import type { Instant, Milliseconds } from '../core/time.ts';
import type { LogView } from './log.ts';
import type { RecordTerms } from './usage.ts';
import type { AnomalyView, FindingView, GrantView, LeaseView } from './views.ts';

/** The newest protocol that this build speaks, and the oldest. Sent as headers both ways. */
export const protocolVersion = { newest: 1, oldest: 1 } as const;

/** Every failed reply, whatever the verb. */
export interface ErrorReply {
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly hint?: string };
}

/** `GET /v1/hello` */
export interface HelloReply {
  readonly version: string;
  readonly protocol: { readonly newest: number; readonly oldest: number };
  readonly pid: number;
  readonly startedAt: Instant;
  readonly config: string;
  /** State of each hardening measure, e.g. `{undumpable: 'on', peercred: 'reduced: koffi is not installed'}`. */
  readonly hardening: Readonly<Record<string, string>>;
}

/** `POST /v1/preview`, and the part of `POST /v1/elevate` that says what is wanted. */
export interface Wish {
  readonly target: string;
  /** null: the only role of the target; with several, an error that names them. */
  readonly role: string | null;
  readonly scope: string | null;
  readonly duration: Milliseconds | null;
  readonly reason: string | null;
  readonly ticket: string | null;
  readonly interactive: boolean;
  readonly ci: boolean;
  /** Grant that the caller runs inside of. */
  readonly parent: string | null;
  /** The ID token (JWT) of the CI job that asks, which is then the principal. A secret. null: the caller is who the door says. */
  readonly identity: string | null;
}

/** Answer to a preview: what would happen. Nothing is recorded. */
export interface PreviewReply {
  readonly outcome: 'allowed' | 'needs-approval' | 'denied';
  readonly principal: string;
  readonly target: string;
  readonly risk: Risk;
  readonly role: string;
  readonly scope: string | null;
  readonly duration: Milliseconds | null;
  readonly entitlement: string | null;
  readonly reasons: readonly string[];
  readonly hint: string | null;
  readonly reasonRequired: boolean;
  /** What the entitlement offers as reasons; empty: nothing. */
  readonly reasonPresets: readonly string[];
  /** What the caller gave last for this role; null: nothing yet. */
  readonly lastReason: string | null;
  /** The mildest that the target allows its end to do to a shell. */
  readonly onEnd: OnEnd;
  /** Lines of the provider: what will be granted. */
  readonly preview: readonly string[];
}

/** How a credential reaches the child; `token`: alone, as `JIT_TOKEN`, for whoever prints it. */
export type ExportKind = 'reference' | 'url' | 'env' | 'token';

/** `POST /v1/elevate` */
export interface ElevateRequest extends Wish {
  /** `reference` (default): files and endpoints. Others put secrets into the environment. */
  readonly export: ExportKind;
  /**
   * Where the broker may put questions for a person: an id that the caller made up and asks `POST /v1/question` with
   * while this request is under way. null: nobody can be asked.
   */
  readonly channel: string | null;
  readonly keep: boolean;
  /** What its end does to the shell, unless the target wants it stricter; null: what the configuration says. */
  readonly onEnd: OnEnd | null;
  /** The process whose end ends the grant; null only with `keep`. */
  readonly session: Session | null;
  /** How this run of a pipeline calls itself, so that `POST /v1/cleanup` finds what it asked for; null: no pipeline. */
  readonly run: string | null;
}

/** What a child is started with. */
export interface ElevateReply {
  readonly grant: GrantView;
  readonly env: Readonly<Record<string, string>>;
  readonly unset: readonly string[];
  /** Names of those of `env` whose values are secrets. */
  readonly secrets: readonly string[];
  /** For a shell under the grant. */
  readonly shell: ShellTerms;
  /** What to tell the broker of what runs under the grant; absent: that it runs, and nothing else. */
  readonly record?: RecordTerms;
  /** Why less than asked, or anything else worth a line. */
  readonly notes: readonly string[];
}

/** `GET /v1/status` : active grants, and every lease that is not confirmed gone. */
export interface StatusReply {
  readonly now: Instant;
  readonly principal: string;
  readonly grants: readonly GrantView[];
  readonly overdue: number;
  readonly recentFindings: readonly FindingView[];
  /** Of the last day, the newest last. */
  readonly recentAnomalies: readonly AnomalyView[];
  /** Of the broker: how it stands with its record. */
  readonly auditLog: LogView;
}

/** `GET /v1/targets` */
export interface TargetsReply {
  readonly targets: readonly {
    readonly name: string;
    readonly provider: string;
    readonly description: string | null;
    readonly risk: Risk;
    /** It has a web console that `jit console` signs in to. */
    readonly console: boolean;
    readonly roles: readonly {
      readonly name: string;
      readonly description: string | null;
      readonly scopes: readonly string[];
      /** Longest grant that the caller may have now; null: none. */
      readonly maxDuration: Milliseconds | null;
      readonly needsApproval: boolean;
      /** How often and how lately the caller had it, for the order of lists; 0: never. */
      readonly frecency: number;
    }[];
  }[];
}

/** `POST /v1/revoke` : one grant by id or unique start of it, or all of the caller's. */
export interface RevokeRequest {
  readonly grant: string | null;
  readonly all: boolean;
  readonly cause: 'revoked' | 'session-ended';
}

/** Partial failure is data. */
export interface RevokeReply {
  /** Confirmed gone. */
  readonly revoked: readonly GrantView[];
  /** Access has ended; the broker still confirms. Only for the cause `session-ended`, which does not wait, and where nothing can be withdrawn. */
  readonly ending: readonly GrantView[];
  /** Being retried by the broker; access may go on. */
  readonly overdue: readonly GrantView[];
}

/** `POST /v1/extend` : the grant shall end this long from now. */
export interface ExtendRequest {
  readonly grant: string;
  readonly duration: Milliseconds;
  readonly reason: string | null;
}

/** `POST /v1/question` : waits for a question of the broker to the caller of the elevation with this channel. */
export interface QuestionRequest {
  readonly channel: string;
  readonly timeout: Milliseconds;
}

/** A question for a person, e.g. for an MFA code; null: none came in time. `notice`: to be shown, not answered. */
export interface QuestionReply {
  readonly question: { readonly id: string; readonly text: string; readonly notice?: true } | null;
}

/** `POST /v1/answer` : what the person answered; null: did not want to. */
export interface AnswerRequest {
  readonly channel: string;
  readonly question: string;
  readonly answer: string | null;
}

/** `POST /v1/credential` : the credential of a grant, for a helper program that a vendor's client runs. */
export interface CredentialRequest {
  readonly grant: string;
  /** Which helper asks. */
  readonly kind: 'aws' | 'git';
}

/** What the helper prints, as the vendor's client wants it. A secret. */
export interface CredentialReply {
  readonly credential: Readonly<Record<string, string | number>>;
}

/** `POST /v1/console` : a link that opens the target's web console with the rights of a grant. */
export interface ConsoleRequest {
  readonly grant: string;
  /** `file`: a private page that leads there, for a browser that is started with its path; the broker removes it a minute later. */
  readonly as: 'link' | 'file';
}

/** A secret link, good for a sign-in soon, or the page that leads there; and when what it opens ends. */
export interface ConsoleReply {
  readonly url: string | null;
  readonly file: string | null;
  readonly endsAt: Instant;
  /** As in {@link LeaseView}. */
  readonly irrevocableUntil: Instant | null;
}

/** `POST /v1/wait` : answers when the grant differs from what the caller knows of it, or after `timeout`. */
export interface WaitRequest {
  readonly grant: string;
  readonly known: {
    readonly state: GrantState;
    readonly deadline: Instant | null;
    /** The code of the first lease that is not refreshed; absent: the caller does not mind. */
    readonly notRefreshed?: ErrorCode | null;
  };
  readonly timeout: Milliseconds;
}

/** `POST /v1/audit` : events as stored, body plus leaf hash. */
export interface AuditRequest {
  readonly grant: string | null;
  readonly target: string | null;
  readonly principal: string | null;
  readonly since: Instant | null;
  readonly until: Instant | null;
  readonly limit: number | null;
}

/** One event: the body as it was written, its leaf hash beside it. */
export interface AuditReply {
  readonly events: readonly { readonly leaf: string; readonly body: Readonly<Record<string, unknown>> }[];
}

/** `POST /v1/doctor` */
export interface DoctorRequest {
  readonly target: string | null;
}

/** Checks of the broker itself (`target: null`) and of each target. */
export interface DoctorReply {
  readonly checks: readonly {
    readonly target: string | null;
    readonly name: string;
    readonly status: 'ok' | 'warning' | 'failed';
    readonly detail: string;
    readonly advice?: string;
    readonly remedy?: string;
  }[];
}

/** `POST /v1/stop` : revokes what is open, then ends. */
export interface StopReply {
  readonly revoked: number;
  /** Not confirmed gone, and somebody may have access that revoking should have ended. */
  readonly overdue: number;
  /** Cannot be withdrawn, and ends by itself; the next broker looks whether it has. */
  readonly ending: number;
}
