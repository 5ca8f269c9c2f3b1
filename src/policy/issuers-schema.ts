// The shape of `issuers` in jit.yaml: who vouches for CI jobs, and which claims make a token one of ours. Ids that
// never change are mandatory: a name can be taken over by whoever creates a repository of that name anew.

import * as v from 'valibot';

/** Events that outsiders of a repository can cause, or that follow such an event. */
const outsiders =
  /^(pull_request.*|issue.*|discussion.*|fork|watch|star|workflow_run|check_run|check_suite|status|public|gollum)$/;
/** What GitLab runs for outsiders. */
const outsidersOfGitlab = /^(merge_request_event|external_pull_request_event|external)$/;

function isIssuerUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, search, hash, username, password } = new URL(text);
  if (search + hash + username + password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', '[::1]'].includes(hostname));
}

const id = v.pipe(
  v.string('expected a number in quotes, such as "123456"'),
  v.regex(/^[1-9][0-9]{0,19}$/, 'expected a number in quotes, such as "123456"'),
);
const claim = v.pipe(
  v.string(),
  v.nonEmpty('expected the whole value'),
  v.maxLength(500, 'expected at most 500 characters'),
  v.check((text) => !text.includes('*'), 'expected the whole value: * does not stand for anything here'),
);

function events(outsider: RegExp, usual: readonly string[]) {
  const event = v.pipe(
    v.string(),
    v.regex(/^[a-z_]{1,60}$/, 'expected the name of an event, such as push'),
    v.check((name) => !outsider.test(name), 'expected an event that no outsider can cause'),
  );
  return v.optional(v.pipe(v.array(event), v.minLength(1, 'expected a list of at least one')), [...usual]);
}

/** A repository alone would let every branch of it be the job. */
function narrowed<Schema extends v.GenericSchema<unknown, object>>(schema: Schema) {
  return v.pipe(
    schema,
    v.check(
      (job) => 'environment' in job || 'ref' in job || 'workflow' in job,
      'expected at least one of environment, ref, workflow: without them every branch is this job',
    ),
  );
}

const githubJob = narrowed(
  v.strictObject({
    repository_id: id,
    repository_owner_id: id,
    environment: v.optional(claim),
    ref: v.optional(claim),
    workflow: v.optional(v.pipe(claim, v.description('job_workflow_ref: <owner>/<repo>/<path>@<ref>'))),
    event: events(outsiders, ['push', 'workflow_dispatch', 'schedule']),
    runner: v.optional(v.picklist(['github-hosted', 'self-hosted'])),
  }),
);

const gitlabJob = narrowed(
  v.strictObject({
    project_id: id,
    namespace_id: id,
    environment: v.optional(claim),
    ref: v.optional(claim),
    ref_type: v.optional(
      v.pipe(v.picklist(['branch', 'tag']), v.description('what ref is: branch when not given')),
    ),
    workflow: v.optional(v.pipe(claim, v.description('ci_config_ref_uri'))),
    source: events(outsidersOfGitlab, ['push', 'web', 'schedule']),
    protected: v.optional(
      v.pipe(v.boolean(), v.description('the branch or tag has to be a protected one')),
      true,
    ),
  }),
);

function issuer<const Kind extends string, Job extends v.GenericSchema>(
  kind: Kind,
  job: Job,
  name: v.GenericSchema<string, string>,
  age: v.GenericSchema<string, number>,
) {
  return v.strictObject({
    kind: v.literal(kind),
    issuer: v.pipe(
      v.string(),
      v.check(isIssuerUrl, 'expected a URL with https, as the token has it under iss'),
      v.description('iss of the tokens; their keys are fetched below this URL and from nowhere else'),
    ),
    audience: v.pipe(claim, v.description('aud of the tokens, the only one')),
    max_age: v.optional(v.pipe(age, v.maxValue(3600_000, 'expected at most 1h')), '5m'),
    jwks_file: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^\//, 'expected an absolute path'),
        v.description('the keys of the issuer, where there is no network'),
      ),
    ),
    jobs: v.pipe(
      v.record(name, job),
      v.check((jobs) => Object.keys(jobs as object).length > 0, 'expected at least one job'),
    ),
  });
}

/** Of one issuer, by its `kind`. */
export function issuerSchema(name: v.GenericSchema<string, string>, age: v.GenericSchema<string, number>) {
  return v.variant('kind', [issuer('github', githubJob, name, age), issuer('gitlab', gitlabJob, name, age)]);
}

/** An issuer once the schema has passed it. */
export type IssuerValue = v.InferOutput<ReturnType<typeof issuerSchema>>;
