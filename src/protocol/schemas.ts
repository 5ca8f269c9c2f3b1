// Schemas of what a client may send, checked at the broker's door. Unknown fields are refused.

import * as v from 'valibot';
import { type ErrorCode, exitCodeOf } from '../core/errors.ts';
import { onEnds } from '../core/shell-terms.ts';
import type { CleanupRequest } from './ci.ts';
import type {
  AnswerRequest,
  AuditRequest,
  ConsoleRequest,
  CredentialRequest,
  DoctorRequest,
  ElevateRequest,
  ExtendRequest,
  QuestionRequest,
  RevokeRequest,
  WaitRequest,
  Wish,
} from './routes.ts';
import type { FollowRequest, UsageRequest } from './usage.ts';

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const text = v.pipe(v.string(), v.maxLength(4_000));
const instant = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const year = 366 * 24 * 3600_000;
const duration = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(year));
const session = v.strictObject({
  pid: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  startTime: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
});

const timeout = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(60_000));
const channel = v.pipe(v.string(), v.minLength(16), v.maxLength(64));

const wish = {
  target: name,
  role: v.nullable(name),
  scope: v.nullable(name),
  duration: v.nullable(duration),
  reason: v.nullable(text),
  ticket: v.nullable(v.pipe(v.string(), v.maxLength(200))),
  interactive: v.boolean(),
  ci: v.boolean(),
  parent: v.nullable(name),
  identity: v.nullable(v.pipe(v.string(), v.minLength(1), v.maxLength(16_384))),
} as const;

/** `POST /v1/preview` */
export const previewSchema: v.GenericSchema<unknown, Wish> = v.strictObject(wish);

/** `POST /v1/elevate` */
export const elevateSchema: v.GenericSchema<unknown, ElevateRequest> = v.strictObject({
  ...wish,
  export: v.picklist(['reference', 'url', 'env', 'token']),
  keep: v.boolean(),
  onEnd: v.nullable(v.picklist(onEnds)),
  session: v.nullable(session),
  channel: v.nullable(channel),
  run: v.nullable(name),
});

/** `POST /v1/question` */
export const questionSchema: v.GenericSchema<unknown, QuestionRequest> = v.strictObject({ channel, timeout });

/** `POST /v1/answer` */
export const answerSchema: v.GenericSchema<unknown, AnswerRequest> = v.strictObject({
  channel,
  question: name,
  answer: v.nullable(v.pipe(v.string(), v.maxLength(200))),
});

/** `POST /v1/credential` */
export const credentialSchema: v.GenericSchema<unknown, CredentialRequest> = v.strictObject({
  grant: name,
  kind: v.picklist(['aws', 'git']),
});

/** `POST /v1/console` */
export const consoleSchema: v.GenericSchema<unknown, ConsoleRequest> = v.strictObject({
  grant: name,
  as: v.picklist(['link', 'file']),
});

/** `POST /v1/revoke` */
export const revokeSchema: v.GenericSchema<unknown, RevokeRequest> = v.strictObject({
  grant: v.nullable(name),
  all: v.boolean(),
  cause: v.picklist(['revoked', 'session-ended']),
});

/** `POST /v1/cleanup` */
export const cleanupSchema: v.GenericSchema<unknown, CleanupRequest> = v.strictObject({
  run: v.nullable(name),
  timeout,
});

/** `POST /v1/extend` */
export const extendSchema: v.GenericSchema<unknown, ExtendRequest> = v.strictObject({
  grant: name,
  duration,
  reason: v.nullable(text),
});

/** `POST /v1/wait` */
export const waitSchema: v.GenericSchema<unknown, WaitRequest> = v.strictObject({
  grant: name,
  known: v.strictObject({
    state: v.picklist(['pending', 'denied', 'withdrawn', 'lapsed', 'active', 'ended']),
    deadline: v.nullable(instant),
    notRefreshed: v.exactOptional(
      v.nullable(v.picklist(Object.keys(exitCodeOf) as [ErrorCode, ...ErrorCode[]])),
    ),
  }),
  timeout,
});

/** `POST /v1/audit` */
export const auditSchema: v.GenericSchema<unknown, AuditRequest> = v.strictObject({
  grant: v.nullable(name),
  target: v.nullable(name),
  principal: v.nullable(name),
  since: v.nullable(instant),
  until: v.nullable(instant),
  limit: v.nullable(v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(10_000))),
});

const word = v.pipe(v.string(), v.maxLength(16_384));

/** `POST /v1/usage` */
export const usageSchema: v.GenericSchema<unknown, UsageRequest> = v.strictObject({
  grant: name,
  kind: v.picklist(['shell', 'command']),
  pid: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  argv: v.nullable(v.pipe(v.array(word), v.maxLength(1_000))),
  ended: v.nullable(
    v.strictObject({
      exitCode: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(255)),
      ran: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
    }),
  ),
});

/** `POST /v1/follow` */
export const followSchema: v.GenericSchema<unknown, FollowRequest> = v.strictObject({
  after: v.nullable(v.pipe(v.number(), v.safeInteger(), v.minValue(-1))),
  limit: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(1_000)),
  target: v.nullable(name),
  grant: v.nullable(name),
  timeout,
});

/** `POST /v1/doctor` */
export const doctorSchema: v.GenericSchema<unknown, DoctorRequest> = v.strictObject({
  target: v.nullable(name),
});

/** `POST /v1/stop` */
export const stopSchema: v.GenericSchema<unknown, Record<string, never>> = v.strictObject({});
