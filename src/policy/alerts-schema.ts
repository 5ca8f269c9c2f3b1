// The `alerts` section of jit.yaml: how people are told of what cannot wait. No message of a check repeats a URL.

import * as v from 'valibot';
import { type AlertChannel, webhookFormats } from '../core/alert.ts';
import { isSecretReference } from '../core/secret-reference.ts';

const described = <Schema extends v.GenericSchema>(schema: Schema, text: string) =>
  v.pipe(schema, v.description(text));

const forms = 'a reference to a secret (keychain:…, env:…, file:… or command:…) or a URL with https://';

/** Also http to this machine, where no network can listen. The URL of a webhook is a secret: it is told nowhere. */
function isWebhookUrl(text: string): boolean {
  if (text.length > 2_000 || !URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  if (protocol === 'http:') return ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
  return protocol === 'https:';
}

const webhook = v.pipe(
  v.string(`expected ${forms}`),
  v.check((text) => isSecretReference(text) || isWebhookUrl(text), `expected ${forms}`),
);
const word = v.pipe(
  v.string(),
  v.check((text) => text !== '' && text.length <= 1_000 && !text.includes('\0'), 'expected a word'),
);
const words = v.pipe(
  v.array(word),
  v.minLength(1, 'expected a program and its arguments'),
  v.maxLength(50, 'expected at most 50 words'),
);

const channel = v.pipe(
  v.strictObject({
    webhook: v.exactOptional(described(webhook, 'where to POST to: a reference to the URL, or the URL')),
    format: v.exactOptional(described(v.picklist(webhookFormats), 'of the body of a webhook; default slack')),
    command: v.exactOptional(
      described(words, 'a program and its arguments, run without a shell; the alert is JSON on its stdin'),
    ),
    desktop: v.exactOptional(described(v.literal(true), 'a notification of the desktop')),
  }),
  v.check(
    ({ webhook: url, command, desktop }) =>
      [url, command, desktop].filter((one) => one !== undefined).length === 1,
    'expected one of webhook, command and desktop',
  ),
  v.check(
    ({ webhook: url, format }) => url !== undefined || format === undefined,
    'expected "format" beside "webhook" only',
  ),
);

/** The schema of the section: a list. */
export const alertsSchema = described(
  v.pipe(v.array(channel), v.maxLength(20, 'expected at most 20')),
  'how people are told of anomalies (mode notify or revoke), overdue leases, a rolled-back log, a store that is behind',
);

/** What {@link alertsSchema} answers. */
export type AlertsValue = v.InferOutput<typeof alertsSchema>;

/** The channels that an `alerts` section states; names count each kind: `webhook-1`, `command-1`. */
export function alertChannelsOf(value: AlertsValue = []): AlertChannel[] {
  const counts = { webhook: 0, command: 0, desktop: 0 };
  const nameOf = (kind: keyof typeof counts): string => {
    counts[kind] += 1;
    return `${kind}-${counts[kind]}`;
  };
  return value.map(({ webhook: url, format = 'slack', command: argv }): AlertChannel => {
    if (url !== undefined) return { kind: 'webhook', name: nameOf('webhook'), url, format };
    if (argv !== undefined) return { kind: 'command', name: nameOf('command'), argv };
    return { kind: 'desktop', name: nameOf('desktop') };
  });
}
