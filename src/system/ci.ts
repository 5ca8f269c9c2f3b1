// Whether this is a CI job, and how its run calls itself. From the environment alone: what it says is believed for
// convenience (no questions, what to clean up), never for rights.

type Env = Readonly<Record<string, string | undefined>>;

/** CI systems set CI to true; empty, false and 0 mean no. */
export function isCi(env: Env): boolean {
  return env['CI'] !== undefined && env['CI'] !== '' && env['CI'] !== 'false' && env['CI'] !== '0';
}

/**
 * A name that the steps of one job share and no other job has; null outside of pipelines that are known.
 * `JIT_RUN_ID` wins. GitHub's jobs of a matrix have one GITHUB_JOB; no two of them are on one runner at a time.
 */
export function runOf(env: Env): string | null {
  const given = env['JIT_RUN_ID'];
  const job = env['CI_JOB_ID'];
  const run = env['GITHUB_RUN_ID'];
  if (given) return given.slice(0, 200);
  if (job) return `gitlab/${env['CI_SERVER_HOST'] ?? ''}/${job}`.slice(0, 200);
  if (!run) return null;
  const names = ['GITHUB_REPOSITORY', 'GITHUB_RUN_ID', 'GITHUB_RUN_ATTEMPT', 'GITHUB_JOB', 'RUNNER_NAME'];
  return `github/${names.map((name) => env[name] ?? '').join('/')}`.slice(0, 200);
}

/**
 * The job that a broker is started for, and which `jit ci cleanup` ends with it: as {@link runOf}, or empty where that is
 * null. null: it is nobody's, because this is no job, or because `JIT_BROKER=resident` says that one is to stay.
 */
export function jobOf(env: Env): string | null {
  const said = env['JIT_BROKER'];
  const isJob = said === undefined || said === '' ? isCi(env) : said === 'in-process';
  return isJob ? (runOf(env) ?? '') : null;
}
