// The broker's routes as a table: verb, schema, handler. Knows callers, never sockets.

import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import * as v from 'valibot';
import { exitCodeOf, JitError, toJitError } from '../core/errors.ts';
import { type ErrorReply, protocolVersion } from '../protocol/routes.ts';
import * as schemas from '../protocol/schemas.ts';
import { audit } from './audit.ts';
import type { Broker, Caller } from './broker.ts';
import { doctor } from './doctor.ts';
import { elevate } from './elevate.ts';
import { extend } from './extend.ts';
import { hello } from './hello.ts';
import { preview } from './preview.ts';
import { revoke } from './revoke.ts';
import { status } from './status.ts';
import { stop } from './stop.ts';
import { targets } from './targets.ts';
import { wait } from './wait.ts';

/** What the door (server.ts) adds to a request. */
export interface Door {
  Bindings: { caller: Caller };
}

type Handler = (broker: Broker, caller: Caller, body: never) => unknown;

const reads: Record<string, Handler> = { hello, status, targets };

const writes: Record<string, { schema: v.GenericSchema; handler: Handler }> = {
  preview: { schema: schemas.previewSchema, handler: preview },
  elevate: { schema: schemas.elevateSchema, handler: elevate },
  revoke: { schema: schemas.revokeSchema, handler: revoke },
  extend: { schema: schemas.extendSchema, handler: extend },
  wait: { schema: schemas.waitSchema, handler: wait },
  audit: { schema: schemas.auditSchema, handler: (broker, _caller, body) => audit(broker, body) },
  doctor: { schema: schemas.doctorSchema, handler: (broker, _caller, body) => doctor(broker, body) },
  stop: { schema: schemas.stopSchema, handler: (broker) => stop(broker, 'asked to stop') },
};

const bodyCap = 256 * 1024;

/** The application: every route, every check before it, and the one place that turns errors into replies. */
export function createApp(broker: Broker): Hono<Door> {
  const app = new Hono<Door>();
  app.use(async (context, next) => {
    context.header('jit-protocol', `${protocolVersion.oldest}-${protocolVersion.newest}`);
    context.header('cache-control', 'no-store');
    checkProtocol(context.req.header('jit-protocol'));
    checkConfig(broker, context.req.header('jit-config'));
    await next();
  });
  app.use(
    bodyLimit({
      maxSize: bodyCap,
      onError: () => {
        throw new JitError('ERR_PROTOCOL', `the request is larger than ${bodyCap} bytes`);
      },
    }),
  );
  for (const [verb, handler] of Object.entries(reads)) {
    app.get(`/v1/${verb}`, async (context) =>
      context.json((await handler(broker, context.env.caller, undefined as never)) as object),
    );
  }
  for (const [verb, { schema, handler }] of Object.entries(writes)) {
    app.post(`/v1/${verb}`, async (context) => {
      const body = parseBody(schema, await context.req.text());
      return context.json((await handler(broker, context.env.caller, body as never)) as object);
    });
  }
  app.notFound(() => {
    throw new JitError('ERR_PROTOCOL', 'the broker knows no such verb', { hint: 'jit broker stop' });
  });
  app.onError((thrown, context) => {
    const error = toJitError(thrown);
    if (error.code === 'ERR_INTERNAL') broker.log.error('unexpected failure', error.cause);
    const reply: ErrorReply = {
      error: {
        code: error.code,
        message: error.message,
        ...(error.hint === undefined ? {} : { hint: error.hint }),
      },
    };
    return context.json(reply, statusOf(error));
  });
  return app;
}

function checkProtocol(spoken: string | undefined): void {
  const version = Number(spoken);
  if (version >= protocolVersion.oldest && version <= protocolVersion.newest) return;
  const known = `${protocolVersion.oldest} to ${protocolVersion.newest}`;
  throw new JitError('ERR_PROTOCOL', `the broker speaks protocol ${known}, not "${spoken ?? 'none'}"`, {
    hint: 'jit broker stop',
  });
}

/** Two configurations cannot be in force at once: silently answering by the other one would be wrong. */
function checkConfig(broker: Broker, wanted: string | undefined): void {
  // Sent as encodeURI writes it: a header cannot hold every path.
  if (wanted === undefined || wanted === encodeURI(broker.policy.path)) return;
  throw new JitError('ERR_CONFLICT', `the broker that runs uses "${broker.policy.path}", another one`, {
    hint: 'jit broker stop',
  });
}

function parseBody(schema: v.GenericSchema, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new JitError('ERR_PROTOCOL', 'the request is no JSON');
  }
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  // Only where it is wrong, never what was found there: it could be a secret.
  const where = v.getDotPath(parsed.issues[0]) ?? 'request';
  throw new JitError('ERR_USAGE', `"${where}" is not what the broker understands`, { hint: 'jit help' });
}

function statusOf(error: JitError): 400 | 403 | 409 | 500 | 503 {
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
