// The log itself: lost, put back, gone on with elsewhere, or not written; its copy at the shared store: lost; or somebody
// reaches for the broker.

import { causesOfLoss } from '../../core/store-loss.ts';
import type { EventType } from '../event.ts';
import type { Rule } from './rule.ts';

const what: Partial<Record<EventType, string>> = {
  'log.rollback_detected': 'the log is shorter than, or other than, a head of it that is kept elsewhere',
  'log.damaged': 'the log, or what stands beside it, is not as it was written',
  'log.fork': 'a new log goes on where the old one was lost',
  'revoke.unaudited': 'credentials were revoked while the log could not be written',
  'process.signal_probe': 'somebody sent the broker a signal that makes a process tell what it holds',
  'store.rollback_detected': `the shared store has fewer events of a log than it had acknowledged: ${causesOfLoss}`,
};

export const logTampering: Rule<'log-tampering'> = {
  name: 'log-tampering',
  severity: 'critical',
  definition:
    'The log was rolled back, damaged or forked, revocations could not be recorded, the shared store lost events that it had acknowledged, or somebody tried to look into the broker.',
  make() {
    return {
      see(event) {
        const why = what[event.type];
        if (why === undefined) return [];
        // What the store lost is on the device as a rule, and sent again.
        const lesser = event.type === 'store.rollback_detected' ? { severity: 'high' as const } : {};
        return [{ ...lesser, why, evidence: [event.seq], about: event }];
      },
    };
  },
};
