// The broker's routes as a table: verb, schema, handler. Knows callers, never sockets.

import type { GenericSchema } from 'valibot';
import { exitCodeOf, JitError, toJitError } from '../core/errors.ts';
import type { ForkRequest } from '../protocol/log.ts';
import { forkSchema, rotateSchema } from '../protocol/log-schema.ts';
import { type ErrorReply, protocolVersion } from '../protocol/routes.ts';
import * as schemas from '../protocol/schemas.ts';
import { syncSchema } from '../protocol/store-schema.ts';
import { audit } from './audit.ts';
import { parseBody } from './body.ts';
import type { Broker, Caller } from './broker.ts';
import { cleanup } from './cleanup.ts';
import { consoleLink } from './console.ts';
import { credential } from './credential.ts';
import { doctor } from './doctor.ts';
import { elevate } from './elevate.ts';
import { extend } from './extend.ts';
import { follow } from './follow.ts';
import { hello } from './hello.ts';
import { issuers } from './issuers.ts';
import { preview } from './preview.ts';
import { answer, question } from './questions.ts';
import { revoke } from './revoke.ts';
import { status } from './status.ts';
import { stop } from './stop.ts';
import { sync } from './sync-verb.ts';
import { targets } from './targets.ts';
import { usage } from './usage.ts';
import { wait } from './wait.ts';

/** A call, whatever it came over. Header names are in small letters. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
}

/** What a call is answered with: an HTTP status and a value for JSON. */
export interface Reply {
  readonly status: number;
  readonly value: unknown;
}

interface Route {
  /** Absent: the verb reads only, and takes no body. */
  readonly schema?: GenericSchema;
  readonly handler: (broker: Broker, caller: Caller, body: never) => unknown;
}

const routes: Readonly<Record<string, Route>> = {
  'GET /v1/hello': { handler: hello },
  'GET /v1/status': { handler: status },
  'GET /v1/targets': { handler: targets },
  'POST /v1/preview': { schema: schemas.previewSchema, handler: preview },
  'POST /v1/elevate': { schema: schemas.elevateSchema, handler: elevate },
  'POST /v1/revoke': { schema: schemas.revokeSchema, handler: revoke },
  'POST /v1/cleanup': { schema: schemas.cleanupSchema, handler: cleanup },
  'GET /v1/issuers': { handler: (broker) => issuers(broker) },
  'POST /v1/extend': { schema: schemas.extendSchema, handler: extend },
  'POST /v1/credential': { schema: schemas.credentialSchema, handler: credential },
  'POST /v1/console': { schema: schemas.consoleSchema, handler: consoleLink },
  'POST /v1/wait': { schema: schemas.waitSchema, handler: wait },
  'POST /v1/question': { schema: schemas.questionSchema, handler: question },
  'POST /v1/answer': { schema: schemas.answerSchema, handler: answer },
  'POST /v1/audit': { schema: schemas.auditSchema, handler: (broker, _caller, body) => audit(broker, body) },
  'POST /v1/follow': { schema: schemas.followSchema, handler: follow },
  'POST /v1/usage': { schema: schemas.usageSchema, handler: usage },
  'POST /v1/doctor': {
    schema: schemas.doctorSchema,
    handler: (broker, _caller, body) => doctor(broker, body),
  },
  'POST /v1/sync': { schema: syncSchema, handler: (broker, _caller, body) => sync(broker, body) },
  'POST /v1/rotate': { schema: rotateSchema, handler: ({ deviceKey }) => deviceKey.rotate() },
  'POST /v1/fork': {
    schema: forkSchema,
    handler: ({ deviceKey }, _caller, { reason }: ForkRequest) => deviceKey.fork(reason),
  },
  'POST /v1/stop': { schema: schemas.stopSchema, handler: (broker) => stop(broker, 'asked to stop') },
};

/** Checks a call, hands it to its verb, and turns whatever was thrown into a reply. Never throws. */
export async function dispatch(broker: Broker, caller: Caller, call: Call): Promise<Reply> {
  try {
    checkProtocol(call.headers['jit-protocol']);
    checkConfig(broker, call.headers['jit-config']);
    const name = `${call.method} ${call.path}`;
    const route = Object.hasOwn(routes, name) ? routes[name] : undefined;
    if (!route)
      throw new JitError('ERR_PROTOCOL', 'the broker knows no such verb', { hint: 'jit broker stop' });
    const body = route.schema ? parseBody(route.schema, call.body) : undefined;
    return { status: 200, value: await route.handler(broker, caller, body as never) };
  } catch (thrown) {
    const error = toJitError(thrown);
    if (error.code === 'ERR_INTERNAL') broker.log.error('unexpected failure', error.cause);
    return failed(error);
  }
}

/** An error as it crosses the socket: code, message and hint, never what is underneath. */
export function failed(error: JitError): Reply {
  const { code, message, hint } = error;
  const value: ErrorReply = { error: { code, message, ...(hint === undefined ? {} : { hint }) } };
  return { status: statusOf(error), value };
}

function checkProtocol(spoken: string | string[] | undefined): void {
  // Digits alone: Number() takes more forms than the header has.
  const version = /^[0-9]{1,4}$/.test(String(spoken)) ? Number(spoken) : 0;
  if (version >= protocolVersion.oldest && version <= protocolVersion.newest) return;
  const known = `${protocolVersion.oldest} to ${protocolVersion.newest}`;
  throw new JitError('ERR_PROTOCOL', `the broker speaks protocol ${known}, and this client does not`, {
    hint: 'jit broker stop',
  });
}

/** Two configurations cannot be in force at once: silently answering by the other one would be wrong. */
function checkConfig(broker: Broker, wanted: string | string[] | undefined): void {
  // Sent as encodeURI writes it: a header cannot hold every path.
  if (wanted === undefined || wanted === encodeURI(broker.policy.path)) return;
  throw new JitError('ERR_CONFLICT', `the broker that runs uses "${broker.policy.path}", another one`, {
    hint: 'jit broker stop ends it, and revokes every grant that it gave; or leave out --config',
  });
}

function statusOf(error: JitError): number {
  switch (exitCodeOf[error.code]) {
    case 2:
      return 400;
    case 3:
    case 5:
      return 403;
    case 6:
    case 7:
      return 503;
    default:
      return error.code === 'ERR_CONFLICT' ? 409 : 500;
  }
}
