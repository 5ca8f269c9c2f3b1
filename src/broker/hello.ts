// `GET /v1/hello`: which broker this is.

import type { HelloReply } from '../protocol/routes.ts';
import { protocolVersion } from '../protocol/routes.ts';
import type { Broker } from './broker.ts';

/** Version, configuration and hardening of this broker. */
export function hello(broker: Broker): HelloReply {
  return {
    version: broker.version,
    protocol: protocolVersion,
    pid: process.pid,
    startedAt: broker.startedAt,
    config: broker.policy.path,
    hardening: broker.hardening,
  };
}
