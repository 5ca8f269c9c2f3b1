// The broker's hardening in words: what each measure is about, and what holds once it is on. The keys stay as they are.

const measures: Readonly<Record<string, readonly [string, string]>> = {
  debugger: ['debugger', 'blocked'],
  environment: ['environment', 'scrubbed'],
  cores: ['core files', 'none'],
  undumpable: ['memory', 'unreadable to others'],
  peercred: ['peer check', 'on'],
  endpoints: ['endpoint callers', 'checked'],
};

/** `['core files', 'none']`; what is not fully on says so in its own words. */
export function hardeningRow(name: string, state: string): [string, string] {
  const [label, on] = (Object.hasOwn(measures, name) && measures[name]) || [name, 'on'];
  return [label, state === 'on' ? on : state];
}
