// Settings for git that are handed out as variables, put behind those that the user's environment has already. Pure.

type Environment = Readonly<Record<string, string | undefined>>;

const counter = 'GIT_CONFIG_COUNT';

/**
 * `given` with its `GIT_CONFIG_KEY_<n>` and `GIT_CONFIG_VALUE_<n>` numbered on from those of `base`, so that both are in
 * force and those given win (git-config(1)). Without such settings, or with none in `base`, it stays as it is. A count
 * that git would refuse counts as none.
 */
export function appendGitConfig(
  base: Environment,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const [before, more] = [countOf(base), countOf(given)];
  if (before === 0 || more === 0) return { ...given };
  const moved = Object.entries(given).map(([name, value]): [string, string] => {
    const setting = /^(GIT_CONFIG_(?:KEY|VALUE)_)(\d+)$/.exec(name);
    return setting ? [`${setting[1]}${Number(setting[2]) + before}`, value] : [name, value];
  });
  return { ...Object.fromEntries(moved), [counter]: String(before + more) };
}

function countOf(env: Environment): number {
  const text = env[counter] ?? '';
  return /^\d{1,4}$/.test(text) ? Number(text) : 0;
}
