// What a crash run needs of a target: a place to issue on, and the truth about what is alive there.

import type { EventBody } from '../../src/audit/event.ts';
import type { Lease } from '../../src/core/lease.ts';
import type { ElevateRequest } from '../../src/protocol/routes.ts';
import type { LeaseView } from '../../src/protocol/views.ts';
import type { World } from '../support/world.ts';
import type { Choices, Schedule } from './schedule.ts';

/** Broken promises of a run, in words; `leaked` counts credentials that are alive and should not be. */
export interface Verdict {
  readonly leaked: number;
  readonly broken: readonly string[];
}

/** What the dead brokers have left on disk. */
export interface Record {
  readonly leases: readonly Lease[];
  readonly events: readonly EventBody[];
}

/** The target of one run. */
export interface Scene {
  readonly config: string;
  readonly wish: Partial<ElevateRequest>;
  /** How long a grant lasts that is meant to expire, milliseconds. */
  readonly briefly: number;
  /** True for a lease about which a broker can do nothing more now. */
  isAtRest(lease: LeaseView): boolean;
  /** Compares the target with the record, once the last broker has ended. */
  inspect(record: Record): Promise<Verdict>;
  /** Lets pass what time has to pass before no lease may be open any more. */
  elapse?(world: World): Promise<void>;
  close(): Promise<void>;
}

export interface Target extends Choices {
  readonly name: string;
  /** With its version, for the summary. */
  readonly label: string;
  open(schedule: Schedule): Promise<Scene>;
  stop(): Promise<void>;
}
