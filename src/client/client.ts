// The broker as its callers see it: one method per verb. Owns: verb -> method and path. Must not: decide anything.

import type { Milliseconds } from '../core/time.ts';
import type { CleanupRequest, IssuersReply } from '../protocol/ci.ts';
import type { ForkReply, ForkRequest, RotateReply } from '../protocol/log.ts';
import type {
  AnswerRequest,
  AuditReply,
  AuditRequest,
  ConsoleReply,
  ConsoleRequest,
  CredentialReply,
  CredentialRequest,
  DoctorReply,
  DoctorRequest,
  ElevateReply,
  ElevateRequest,
  ExtendRequest,
  HelloReply,
  PreviewReply,
  QuestionReply,
  QuestionRequest,
  RevokeReply,
  RevokeRequest,
  StatusReply,
  StopReply,
  TargetsReply,
  WaitRequest,
  Wish,
} from '../protocol/routes.ts';
import type { SyncReply, SyncRequest } from '../protocol/store.ts';
import type { FollowReply, FollowRequest, UsageRequest } from '../protocol/usage.ts';
import type { GrantView } from '../protocol/views.ts';

/**
 * A connection to the broker. Every call throws JitError: what the broker answered, `ERR_BROKER_UNREACHABLE`
 * when it went away or kept silent, `ERR_PROTOCOL` when the two do not understand each other.
 */
export interface Client {
  hello(): Promise<HelloReply>;
  preview(wish: Wish): Promise<PreviewReply>;
  elevate(request: ElevateRequest, signal?: AbortSignal): Promise<ElevateReply>;
  status(): Promise<StatusReply>;
  targets(): Promise<TargetsReply>;
  revoke(request: RevokeRequest): Promise<RevokeReply>;
  cleanup(request: CleanupRequest): Promise<RevokeReply>;
  issuers(): Promise<IssuersReply>;
  extend(request: ExtendRequest): Promise<GrantView>;
  /** Answers with the grant as it is now. An aborted `signal` throws its reason. */
  wait(request: WaitRequest, signal?: AbortSignal): Promise<GrantView>;
  audit(request: AuditRequest): Promise<AuditReply>;
  /** An aborted `signal` throws its reason. */
  follow(request: FollowRequest, signal?: AbortSignal): Promise<FollowReply>;
  usage(request: UsageRequest, signal?: AbortSignal): Promise<Record<string, never>>;
  doctor(request: DoctorRequest): Promise<DoctorReply>;
  /** An aborted `signal` throws its reason. */
  question(request: QuestionRequest, signal?: AbortSignal): Promise<QuestionReply>;
  answer(request: AnswerRequest): Promise<Record<string, never>>;
  credential(request: CredentialRequest): Promise<CredentialReply>;
  console(request: ConsoleRequest): Promise<ConsoleReply>;
  sync(request: SyncRequest): Promise<SyncReply>;
  rotate(): Promise<RotateReply>;
  fork(request: ForkRequest): Promise<ForkReply>;
  stop(): Promise<StopReply>;
}

/** One call to the broker. */
export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  /** Longest silence. */
  readonly timeout: Milliseconds;
  readonly signal?: AbortSignal | undefined;
}

/** How calls reach the broker; the reply is what its schema on the other side promises. */
export type Transport = (call: Call) => Promise<unknown>;

const quick = 15_000;
/** Calls in which the broker itself waits for targets. */
const slow = 120_000;
/** As long, after a person was asked for a code. */
const slowest = 240_000;

/** The verbs over a transport. */
export function createClient(transport: Transport): Client {
  // What the broker sends is checked where it is made; both sides are built from the same types.
  const get = <Reply>(verb: string) =>
    transport({ method: 'GET', path: `/v1/${verb}`, timeout: quick }) as Promise<Reply>;
  const post = <Reply>(verb: string, body: unknown, timeout = quick, signal?: AbortSignal) =>
    transport({ method: 'POST', path: `/v1/${verb}`, body, timeout, signal }) as Promise<Reply>;
  return {
    hello: () => get('hello'),
    status: () => get('status'),
    targets: () => get('targets'),
    preview: (wish) => post('preview', wish),
    elevate: (request, signal) => post('elevate', request, slowest, signal),
    revoke: (request) => post('revoke', request, slow),
    cleanup: (request) => post('cleanup', request, request.timeout + slow),
    issuers: () => get('issuers'),
    extend: (request) => post('extend', request, slow),
    wait: (request, signal) => post('wait', request, request.timeout + quick, signal),
    audit: (request) => post('audit', request, slow),
    follow: (request, signal) => post('follow', request, request.timeout + quick, signal),
    usage: (request, signal) => post('usage', request, quick, signal),
    doctor: (request) => post('doctor', request, slow),
    question: (request, signal) => post('question', request, request.timeout + quick, signal),
    answer: (request) => post('answer', request),
    credential: (request) => post('credential', request),
    console: (request) => post('console', request, slow),
    sync: (request) => post('sync', request, request.wait + quick),
    rotate: () => post('rotate', {}, slow),
    fork: (request) => post('fork', request, slow),
    stop: () => post('stop', {}, slow),
  };
}
