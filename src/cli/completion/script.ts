// The part of a completion script that is written by `npm run generate`, between two marked lines. The rest is by hand.

/** @throws Error when the marks are missing: that is a mistake of the source, no user meets it. */
export function replaceGenerated(script: string, generated: string): string {
  const begin = '# BEGIN written by npm run generate\n';
  const end = '# END written by npm run generate\n';
  const from = script.indexOf(begin);
  const to = script.indexOf(end);
  if (from < 0 || to < from) throw new Error('a completion script lacks the marks of its generated part');
  return script.slice(0, from + begin.length) + generated + script.slice(to);
}
