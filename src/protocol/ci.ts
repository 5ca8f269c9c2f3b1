// What crosses the socket for CI jobs alone; routes.ts has the rest.

import type { IssuerKind } from '../core/issuer.ts';
import type { Milliseconds } from '../core/time.ts';

/** `POST /v1/cleanup` : takes back what one run of a pipeline has asked for, also what recovery takes back just now. */
export interface CleanupRequest {
  /** As in its requests; null: everything that pipelines have asked for. */
  readonly run: string | null;
  /** How long to wait until everything is confirmed gone. */
  readonly timeout: Milliseconds;
}

/** `GET /v1/issuers` : who vouches for CI jobs. */
export interface IssuersReply {
  readonly issuers: readonly {
    readonly name: string;
    readonly kind: IssuerKind;
    /** What a token has to be asked for. */
    readonly audience: string;
  }[];
}
