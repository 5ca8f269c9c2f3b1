// `GET /v1/issuers`: who vouches for CI jobs, so that a job knows what to ask a token for.

import type { IssuersReply } from '../protocol/ci.ts';
import type { Broker } from './broker.ts';

/** The issuers of the configuration. @throws JitError `ERR_CONFIG` */
export async function issuers(broker: Broker): Promise<IssuersReply> {
  const config = await broker.policy.config();
  return {
    issuers: [...config.issuers.values()].map(({ name, kind, audience }) => ({ name, kind, audience })),
  };
}
