// Whether somebody sits in front of it. Reads streams and environment handed in; must not print.

/** The part of a stream that matters here. */
interface MaybeTerminal {
  readonly isTTY?: boolean;
}

/** True on CI systems: nobody answers questions there. */
export function isCi(env: NodeJS.ProcessEnv): boolean {
  return (
    isSet(env['CI']) || isSet(env['GITHUB_ACTIONS']) || isSet(env['GITLAB_CI']) || isSet(env['BUILD_NUMBER'])
  );
}

/** True when a question may be asked: input and messages are a terminal that can move its cursor, and no CI runs this. */
export function canAsk(input: MaybeTerminal, messages: MaybeTerminal, env: NodeJS.ProcessEnv): boolean {
  return input.isTTY === true && messages.isTTY === true && env['TERM'] !== 'dumb' && !isCi(env);
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value.toLowerCase() !== 'false';
}
