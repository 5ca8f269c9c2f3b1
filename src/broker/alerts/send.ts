// One attempt to get an alert through, by kind of channel. Tells neither URL nor output of a program.

import type { Alert, AlertChannel } from '../../core/alert.ts';
import { JitError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { isSecretReference } from '../../core/secret-reference.ts';
import { commandEnvironment } from '../../system/environment.ts';
import { isSafeUrl } from '../../system/get-json.ts';
import { postJson } from '../../system/post-json.ts';
import { runProgram } from '../../system/run-program.ts';
import { jsonOf, lineOf, slackBodyOf } from './body.ts';

/** What sending needs of the world. */
export interface SendTools {
  readonly resolveSecret: (reference: string) => Promise<Secret>;
  readonly onSecret: (secret: Secret) => void;
  readonly env: NodeJS.ProcessEnv;
  readonly platform: string;
}

const webhookTimeout = 10_000;
const programTimeout = 30_000;

/** @throws JitError `ERR_TARGET_UNREACHABLE` when another try may help, any other code when not */
export async function sendAlert(
  channel: AlertChannel,
  alert: Alert,
  tools: SendTools,
  signal: AbortSignal,
): Promise<void> {
  switch (channel.kind) {
    case 'webhook': {
      const url = await urlOf(channel.url, tools);
      const limit = AbortSignal.any([signal, AbortSignal.timeout(webhookTimeout)]);
      return postJson(url, channel.format === 'slack' ? slackBodyOf(alert) : jsonOf(alert), limit);
    }
    case 'command':
      return run(channel.argv, `${JSON.stringify(jsonOf(alert))}\n`, tools, signal);
    case 'desktop':
      return run(desktopCommand(tools.platform, alert), '', tools, signal);
  }
}

async function urlOf(text: string, { resolveSecret, onSecret }: SendTools): Promise<Secret> {
  const url = isSecretReference(text) ? await resolveSecret(text) : new Secret(text);
  onSecret(url);
  if (isSafeUrl(url.reveal())) return url;
  throw new JitError(
    'ERR_SECRET_UNAVAILABLE',
    'what is kept as the URL of the webhook is no URL with https://',
  );
}

async function run(
  [program = '', ...args]: readonly string[],
  input: string,
  { env }: SendTools,
  signal: AbortSignal,
): Promise<void> {
  const limits = { timeout: programTimeout, largest: 65_536, kept: 0, signal };
  const end = await runProgram(program, args, { ...limits, env: commandEnvironment(env), input });
  if (end.how === 'ended' && end.code === 0) return;
  if (end.how === 'not-started') throw new JitError('ERR_UNSUPPORTED', `it cannot be started: ${end.why}`);
  // It ran, and may well have told people: once more would be once too often.
  if (end.how === 'too-much') throw new JitError('ERR_UNSUPPORTED', 'it printed more than anybody reads');
  const why =
    end.how === 'ended' ? `it ended with ${end.code === null ? end.why : `code ${end.code}`}` : end.how;
  throw new JitError('ERR_TARGET_UNREACHABLE', why);
}

/** The text goes as an argument, never as a part of a script. */
function desktopCommand(platform: string, alert: Alert): string[] {
  const title = `jit: ${alert.severity}`;
  if (platform === 'darwin') {
    const script = [
      'on run argv',
      'display notification (item 2 of argv) with title (item 1 of argv)',
      'end run',
    ];
    return ['/usr/bin/osascript', ...script.flatMap((line) => ['-e', line]), title, alert.text];
  }
  const urgency = alert.severity === 'critical' || alert.severity === 'high' ? 'critical' : 'normal';
  // The body may hold markup, and escapes that become any character; names of others are neither.
  const text = alert.text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('\\', '\\\\');
  return ['notify-send', '--app-name=jit', `--urgency=${urgency}`, '--', title, text];
}

/** For the broker's own log. */
export function lineFor(channel: AlertChannel, alert: Alert): string {
  return `alert by ${channel.name}: ${lineOf(alert)}`;
}
