// `issuers` of a checked jit.yaml as values: keys of the file become claims of tokens.

import type { Issuer, JobRule } from '../core/issuer.ts';
import type { IssuerValue } from './issuers-schema.ts';

type GithubJob = Extract<IssuerValue, { kind: 'github' }>['jobs'][string];
type GitlabJob = Extract<IssuerValue, { kind: 'gitlab' }>['jobs'][string];

/**
 * Claims of GitHub Actions: docs.github.com, "OpenID Connect reference". `job_workflow_ref` is the reusable workflow
 * that runs, or the workflow itself. `sub` is never looked at: it is made of names.
 */
function githubClaims(job: GithubJob): Record<string, readonly string[] | string | undefined> {
  return {
    repository_id: job.repository_id,
    repository_owner_id: job.repository_owner_id,
    event_name: job.event,
    environment: job.environment,
    ref: job.ref,
    job_workflow_ref: job.workflow,
    runner_environment: job.runner,
  };
}

/** Claims of GitLab: docs.gitlab.com, "ID token authentication"; truth is the text "true" there. */
function gitlabClaims(job: GitlabJob): Record<string, readonly string[] | string | undefined> {
  return {
    project_id: job.project_id,
    namespace_id: job.namespace_id,
    pipeline_source: job.source,
    ref_protected: job.protected ? 'true' : undefined,
    environment: job.environment,
    ref: job.ref,
    // A tag may have the name of a branch.
    ref_type: job.ref_type ?? (job.ref === undefined ? undefined : 'branch'),
    ci_config_ref_uri: job.workflow,
  };
}

function ruleOf(name: string, claims: ReturnType<typeof githubClaims>): JobRule {
  const given = Object.entries(claims).flatMap(([claim, value]): [string, readonly string[]][] =>
    value === undefined ? [] : [[claim, typeof value === 'string' ? [value] : value]],
  );
  return { name, claims: new Map(given) };
}

/** An issuer of the file. */
export function issuerOf(name: string, value: IssuerValue): Issuer {
  const { kind, issuer: url, audience, max_age: maxAge, jwks_file: jwksFile = null } = value;
  const jobs =
    kind === 'github'
      ? Object.entries(value.jobs).map(([job, one]) => ruleOf(job, githubClaims(one)))
      : Object.entries(value.jobs).map(([job, one]) => ruleOf(job, gitlabClaims(one)));
  return { name, kind, url, audience, maxAge, jwksFile, jobs };
}
