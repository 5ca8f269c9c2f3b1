// Where alerts go, as the configuration says it, and what an alert is. Plain values.

import type { AnomalySeverity } from './anomaly.ts';
import type { Instant } from './time.ts';

/** How the body of a webhook is written: for Slack and what is like it, or the alert as it is. */
export const webhookFormats = ['slack', 'json'] as const;
export type WebhookFormat = (typeof webhookFormats)[number];

/** One way to tell people. `name` is what the log and `jit doctor` call it: never an address. */
export type AlertChannel =
  /** `url`: a reference to the URL, or the URL itself. A secret: whoever has it can write there. */
  | { readonly kind: 'webhook'; readonly name: string; readonly url: string; readonly format: WebhookFormat }
  | { readonly kind: 'command'; readonly name: string; readonly argv: readonly string[] }
  | { readonly kind: 'desktop'; readonly name: string };

/** Something that people are told of. Holds names and sentences, never a secret. */
export interface Alert {
  /** The type of the event that it tells. */
  readonly type: string;
  readonly severity: AnomalySeverity;
  /** A sentence without full stop. */
  readonly text: string;
  /** The next command for whoever reads it. */
  readonly see: string;
  readonly at: Instant;
  /** The event, as `<log>:<sequence>`. */
  readonly event: string;
  readonly rule: string | null;
  readonly principal: string | null;
  readonly target: string | null;
  readonly grant: string | null;
  readonly lease: string | null;
  /** Told by a broker that came after the one that wrote the event. */
  readonly late: boolean;
}

/** Worst last. */
const severities: readonly AnomalySeverity[] = ['low', 'medium', 'high', 'critical'];

/** Whether the first is no worse than the second. */
export const isNoWorse = (one: AnomalySeverity, than: AnomalySeverity): boolean =>
  severities.indexOf(one) <= severities.indexOf(than);
