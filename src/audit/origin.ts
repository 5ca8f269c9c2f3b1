// Names of logs. A broker's first log is named as the broker is; each that goes on from a lost one has the next number.

/** Every name that a log can have. */
export const originPattern = /^jit\.[0-9a-z]{8,64}(\/([2-9]|[1-9][0-9]{1,5}))?$/;

/** The name of log `number` (from 1) of the broker `device`, which is `jit.<device id>`. */
export function originOf(device: string, number: number): string {
  return number === 1 ? device : `${device}/${number}`;
}

/** The broker that the log `origin` belongs to. */
export function deviceOf(origin: string): string {
  return origin.split('/')[0] ?? origin;
}

/** Which of its broker's logs `origin` is, from 1. */
export function numberOf(origin: string): number {
  return Number(origin.split('/')[1] ?? 1);
}
