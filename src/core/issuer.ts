// Who may vouch for a CI job, and which jobs of theirs the configuration knows. Values only.

import type { Milliseconds } from './time.ts';

/** Which claims an issuer's tokens have. */
export type IssuerKind = 'github' | 'gitlab';

/** A job of the configuration: a token is that job when every claim here has one of the values given for it. */
export interface JobRule {
  /** The principal is `job:<name>`. */
  readonly name: string;
  /** Claim -> its permitted values, compared exactly. Holds ids that outlive renaming, always. */
  readonly claims: ReadonlyMap<string, readonly string[]>;
}

/** One that signs tokens (OpenID Connect) about the CI jobs that it runs. */
export interface Issuer {
  /** As the configuration calls it. */
  readonly name: string;
  readonly kind: IssuerKind;
  /** `iss` of its tokens, exactly; its keys are found below it. */
  readonly url: string;
  /** `aud` of its tokens, exactly and alone. */
  readonly audience: string;
  /** Tokens that were made longer ago are refused. */
  readonly maxAge: Milliseconds;
  /** Absolute path of its keys (JWKS), where there is no network; null: they are fetched from it. */
  readonly jwksFile: string | null;
  /** In order of the configuration; the first that fits decides. */
  readonly jobs: readonly JobRule[];
}
