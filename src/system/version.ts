// The version of this build, from package.json by way of the bundler.

declare const JIT_VERSION: string | undefined;

/** As in package.json; `0.0.0-source` when run unbundled, as unit tests do. */
export const version: string = typeof JIT_VERSION === 'undefined' ? '0.0.0-source' : JIT_VERSION;
