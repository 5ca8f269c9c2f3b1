// Named points at which a test build can be made to die. A release build compiles every call away.

declare const JIT_FAILPOINTS: boolean | undefined;

let passes = 0;

/**
 * Does nothing unless this is a test build and `JIT_FAILPOINT` is `<name>=<action>` or
 * `<name>#<n>=<action>` (the nth pass) with this name; the action is
 * `kill` (SIGKILL to this process) or `throw`.
 */
export function failpoint(name: string): void {
  if (typeof JIT_FAILPOINTS === 'undefined' || !JIT_FAILPOINTS) return;
  const match = /^([a-z0-9.-]+)(?:#(\d+))?=(kill|throw)$/.exec(process.env.JIT_FAILPOINT ?? '');
  if (!match || match[1] !== name) return;
  passes += 1;
  if (passes !== Number(match[2] ?? 1)) return;
  if (match[3] === 'throw') throw new Error(`failpoint ${name}`);
  process.kill(process.pid, 'SIGKILL');
  // SIGKILL to oneself is not synchronous for every thread: nothing after this line may run.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
