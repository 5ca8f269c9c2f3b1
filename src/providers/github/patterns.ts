// Names and patterns of repositories. Pure. A list of patterns never means more than what it matches.

/** GitHub takes no more in one token (REST API, "Create an installation access token for an app"). */
export const mostRepositories = 500;

export function isPattern(name: string): boolean {
  return /[*?]/.test(name);
}

/** Whether `pattern` means `name`: `*` is any run of characters, `?` any one. GitHub's names ignore case. */
export function matches(pattern: string, name: string): boolean {
  const [wanted, given] = [pattern.toLowerCase(), name.toLowerCase()];
  let [at, star, resume] = [0, -1, 0];
  for (let index = 0; index < given.length; ) {
    if (at < wanted.length && (wanted[at] === '?' || wanted[at] === given[index]) && wanted[at] !== '*') {
      at += 1;
      index += 1;
    } else if (wanted[at] === '*') {
      // One star is taken up again at a time: no pattern takes longer than both lengths multiplied.
      [star, resume] = [at, index];
      at += 1;
    } else if (star >= 0) {
      resume += 1;
      [at, index] = [star + 1, resume];
    } else return false;
  }
  return /^\**$/.test(wanted.slice(at));
}

/** Whether a name is meant by every list: the role's, and the scope's when there is one. */
export function isMeant(name: string, lists: readonly (readonly string[])[]): boolean {
  return lists.every((list) => list.some((pattern) => matches(pattern, name)));
}

/**
 * The names that the lists mean, when they can be told without asking GitHub: one of the lists has no pattern.
 * Null when the repositories have to be listed.
 */
export function namesOf(lists: readonly (readonly string[])[]): string[] | null {
  const literal = lists.find((list) => !list.some(isPattern));
  if (!literal) return null;
  const names = new Map(literal.map((name) => [name.toLowerCase(), name]));
  return [...names.values()].filter((name) => isMeant(name, lists));
}
