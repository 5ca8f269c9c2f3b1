// What the SDK threw, as one of jit's errors, and whether AWS may have done the thing all the same. Never tells a secret:
// of an answer only its code and its one-line message are passed on.

import { JitError } from '../../core/errors.ts';
import type { Access } from './handle.ts';

/**
 * `refused`, `login`, `clock`: AWS said no. `busy`: AWS said to come again. `unsent`: no connection. For these nothing
 * was done. `lost`: there may be an answer that did not arrive.
 */
export type Outcome = 'refused' | 'login' | 'clock' | 'busy' | 'unsent' | 'lost';

interface Thrown {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly $fault?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** The error code of AWS's answer; null when AWS did not answer an error. */
export function awsCodeOf(thrown: unknown): string | null {
  if (thrown instanceof JitError) return awsCodeOf(thrown.cause);
  const { name, $fault, $metadata } = (thrown ?? {}) as Thrown;
  const isAnswer = $fault !== undefined && ($metadata?.httpStatusCode ?? 0) >= 400;
  // A gateway's page is no answer of AWS: who knows what is behind it.
  return isAnswer && typeof name === 'string' && name !== 'Unknown' ? name.replace(/Exception$/, '') : null;
}

const busy =
  /^(Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|ServiceUnavailable|InternalFailure|InternalError|ServiceFailure|IDPCommunicationError|ConcurrentModification)/;
const login =
  /^(ExpiredToken|InvalidClientTokenId|UnrecognizedClient|InvalidIdentityToken|MissingAuthenticationToken|CredentialsProviderError|IncompleteSignature)/;
const clock = /^(RequestExpired|RequestInTheFuture|RequestTimeTooSkewed)/;
const unsent = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN'];

export function outcomeOf(thrown: unknown): Outcome {
  const code = awsCodeOf(thrown);
  const { name, message, code: system } = (thrown ?? {}) as Thrown;
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') return 'login';
  if (code === null) return typeof system === 'string' && unsent.includes(system) ? 'unsent' : 'lost';
  if (
    clock.test(code) ||
    (code === 'SignatureDoesNotMatch' && /Signature (expired|not yet)/.test(String(message)))
  ) {
    return 'clock';
  }
  if (code === 'SignatureDoesNotMatch') return 'login';
  if (login.test(code)) return 'login';
  return busy.test(code) ? 'busy' : 'refused';
}

/** What was asked for, for messages, e.g. `assume role "arn:…"`. */
export function failureOf(thrown: unknown, access: Access, what: string): JitError {
  if (thrown instanceof JitError) return thrown;
  const outcome = outcomeOf(thrown);
  const said = saidBy(thrown);
  const where = `AWS of target "${access.target}"`;
  const because = { cause: thrown };
  switch (outcome) {
    case 'clock':
      return new JitError('ERR_CLOCK', `${where} refuses the time of this machine: cannot ${what}`, {
        hint: 'set the clock by NTP: AWS takes five minutes of difference at most',
        ...because,
      });
    case 'login':
      return new JitError(
        'ERR_SECRET_UNAVAILABLE',
        `cannot ${what}: the broker's own credentials for target "${access.target}" are not valid: ${said}`,
        {
          hint: loginHint(access),
          ...because,
        },
      );
    case 'refused':
      return new JitError('ERR_TARGET_REFUSED', `${where} refuses to ${what}: ${said}`, {
        hint: refusedHint(thrown),
        ...because,
      });
    default:
      return new JitError('ERR_TARGET_UNREACHABLE', `${where} cannot ${what} now: ${said}`, because);
  }
}

function saidBy(thrown: unknown): string {
  const { name, message, code } = (thrown ?? {}) as Thrown;
  const answered = awsCodeOf(thrown);
  if (answered !== null) return oneLine(`${answered}: ${String(message)}`);
  if (typeof code === 'string' && /^E[A-Z_]+$/.test(code)) return code;
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') return oneLine(String(message));
  return name === 'TimeoutError' || name === 'AbortError' ? 'no answer in time' : 'the answer cannot be read';
}

/** How the broker's own credentials are renewed. */
export function loginHint(access: Access): string {
  if (access.profile !== null) {
    return `log in again: aws sso login --profile ${access.profile}; if it is no profile of IAM Identity Center, see to it in ~/.aws`;
  }
  if (access.token_file !== null) return 'the OIDC token has to be renewed by whoever writes the file';
  if (access.credentials.startsWith('keychain:'))
    return `import the access key again: jit secret set ${access.credentials} --aws`;
  if (access.credentials !== 'default') {
    const [kind] = access.credentials.split(':');
    return `renew the access key where credentials of target "${access.target}" points to (${kind}:…)`;
  }
  return 'log in with the AWS CLI, or name credentials or a profile in the config';
}

function refusedHint(thrown: unknown): string {
  const text = String((thrown as Thrown)?.message ?? '');
  if (/MaxSessionDuration/.test(text)) return 'set max_session of the role to its MaxSessionDuration or less';
  if (/TagSession/.test(text))
    return 'the trust policy has to allow sts:TagSession; jit doctor shows it whole';
  if (/SetSourceIdentity/.test(text))
    return 'the trust policy has to allow sts:SetSourceIdentity; jit doctor shows it whole';
  if (awsCodeOf(thrown)?.startsWith('PackedPolicyTooLarge')) {
    return 'session policy and tags together are too large once packed: shorten the scope, or use managed_policies';
  }
  return 'jit doctor shows the trust policy and the rights that are needed';
}

/** The first line, of at most 300 units, without what could steer a terminal. More lines would repeat the request. */
function oneLine(text: string): string {
  return text
    .replace(/[\r\n].*$/s, '')
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .slice(0, 300)
    .toWellFormed();
}
