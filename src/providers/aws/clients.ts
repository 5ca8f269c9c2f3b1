// SDK clients for one target: its region, its endpoints, connections shared by all who sign there.

import { IAMClient } from '@aws-sdk/client-iam';
import { STSClient } from '@aws-sdk/client-sts';
import type { Access } from './handle.ts';
import { type Keys, revealed } from './sessions.ts';

export interface Clients {
  /** @param keys null for calls that are not signed */
  sts(keys: Keys | null): STSClient;
  iam(keys: Keys): IAMClient;
}

/** Retries are our own: the SDK's would hide a lost answer, and correct the clock behind our back. */
const common = { maxAttempts: 1 } as const;

export function createClients(access: Access): Clients {
  const { region, sts_url, iam_url } = access;
  const first = new STSClient({
    ...common,
    region,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 6_000 },
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
  });
  // Clients are cheap and made per call, so that each begins with the machine's own clock; the connections are kept.
  const { requestHandler } = first.config;
  const at = (url: string | null) => (url === null ? {} : { endpoint: url });
  return {
    sts: (keys) =>
      new STSClient({
        ...common,
        ...at(sts_url),
        region,
        requestHandler,
        credentials: keys ? revealed(keys) : { accessKeyId: 'none', secretAccessKey: 'none' },
      }),
    iam: (keys) =>
      new IAMClient({ ...common, ...at(iam_url), region, requestHandler, credentials: revealed(keys) }),
  };
}
