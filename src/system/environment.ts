// The environment that the broker runs with. Owns: which variables pass, which never do.
// A variable that is not named here does not reach the broker, so nobody can steer it from their shell.

declare const JIT_FAILPOINTS: boolean | undefined;

const passed = new Set([
  'PATH',
  'HOME',
  'LANG',
  'LC_ALL',
  'TZ',
  'USER',
  'LOGNAME',
  // Where the keychain answers.
  'DBUS_SESSION_BUS_ADDRESS',
  'JIT_CONFIG',
  // Where jit keeps its files when there is no home for them; paths.ts.
  'JIT_STATE_DIR',
  'RUNNER_TEMP',
  'TMPDIR',
  'CI',
]);

/**
 * Names that change how the broker's runtime, loader, shell or libraries behave: never passed, even when the
 * config refers to one. `PG*` would redirect connections and weaken their TLS. MALLOC_ARENA_MAX, which the starter
 * sets, costs no more than speed.
 */
const steering =
  /^(NODE_|NPM_|npm_|UV_|V8_|LD_|DYLD_|GLIBC_|GCONV_|MALLOC_(?!ARENA_MAX$)|PG|SSL|OPENSSL_|AWS_ENDPOINT_URL|BASH_|ASAN_)|^(ENV|IFS|PS4|SHELLOPTS|CDPATH|GLOBIGNORE|LOCPATH|NLSPATH|JIT_FAILPOINT)$/;

/** True for names that a program could be steered by: `NODE_OPTIONS`, `LD_PRELOAD`, `PGSSLMODE` … */
export function isSteeringVariable(name: string): boolean {
  return steering.test(name);
}

/**
 * The part of `env` that the broker is started with.
 * @param extraNames variables that the config reads secrets from (`env:NAME`)
 */
export function brokerEnvironment(
  env: NodeJS.ProcessEnv,
  extraNames: Iterable<string> = [],
): Record<string, string> {
  const extra = new Set(extraNames);
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    const isNeeded = passed.has(name) || name.startsWith('XDG_') || extra.has(name);
    if (isNeeded && !isSteeringVariable(name)) kept[name] = value;
  }
  if (typeof JIT_FAILPOINTS !== 'undefined' && JIT_FAILPOINTS && env['JIT_FAILPOINT']) {
    kept['JIT_FAILPOINT'] = env['JIT_FAILPOINT'];
  }
  return kept;
}

/** The part of `env` that programs get which the broker itself runs (`command:` references). */
export function commandEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const { JIT_CONFIG: _, JIT_FAILPOINT: __, JIT_STATE_DIR: ___, ...rest } = brokerEnvironment(env);
  return rest;
}
