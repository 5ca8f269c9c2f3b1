// What an anomaly rule is. Rules are functions of events: no clock of their own, nothing read or written.

import type { AnomalyRule, AnomalySettings, AnomalySeverity } from '../../core/anomaly.ts';
import type { Instant } from '../../core/time.ts';
import type { EventBody, EventData, EventType } from '../event.ts';
import type { KnownGrant } from './grant-book.ts';

/** Something that a rule found. */
export interface Anomaly {
  readonly rule: AnomalyRule;
  readonly severity: AnomalySeverity;
  /** A sentence for people, without full stop; holds no text of theirs but names. */
  readonly why: string;
  /** Sequence numbers of the events that show it. */
  readonly evidence: readonly string[];
  readonly at: Instant;
  readonly principal?: string;
  readonly target?: string;
  readonly grant?: string;
  readonly lease?: string;
}

/** An anomaly before the engine says whose rule it is, and whom its events name. */
export interface Sign {
  readonly severity?: AnomalySeverity;
  readonly why: string;
  readonly evidence: readonly string[];
  /** The event that it is about; its names become those of the anomaly. */
  readonly about: EventBody;
}

/** A rule at work: what it keeps is bounded, however long the log. */
export interface Watcher {
  /** @param grant what the log has told of the grant of `event`, this event included; null: nothing, or it has none */
  readonly see?: (event: EventBody, at: Instant, grant: KnownGrant | null) => readonly Sign[];
  /**
   * The log tells that this rule found something, with this evidence, about the grant of `event`. What counts to a number
   * begins anew after it, so that a replay from any place on counts as the broker did that wrote it.
   */
  readonly recorded?: (evidence: readonly string[], event: EventBody, grant: KnownGrant | null) => void;
  /** For what has not happened: to be called as time goes on, between events; after a step of the clock it may be back. */
  readonly tick?: (now: Instant) => readonly Sign[];
}

/** A rule. */
export interface Rule<Name extends AnomalyRule = AnomalyRule> {
  readonly name: Name;
  readonly severity: AnomalySeverity;
  /** When it finds something, in one sentence for people. */
  readonly definition: string;
  readonly make: (settings: AnomalySettings[Name]) => Watcher;
}

/** What `event` carries if it is of this type; null if it is of another. */
export function told<Type extends EventType>(event: EventBody, type: Type): EventData[Type] | null {
  return event.type === type ? (event.data as unknown as EventData[Type]) : null;
}

/** When `event` was. */
export const timeOf = (event: EventBody): Instant => Date.parse(event.ts);
