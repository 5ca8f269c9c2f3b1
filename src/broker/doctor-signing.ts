// What `jit doctor` says of the signatures on the broker's log: whether, by which key, and what would tell of a log that
// was set back.

import { formatDuration } from '../core/duration.ts';
import { toJitError } from '../core/errors.ts';
import type { DoctorReply } from '../protocol/routes.ts';
import type { Broker } from './broker.ts';
import { forkOf } from './log-view.ts';

type Line = DoctorReply['checks'][number];

const day = 24 * 3600_000;

/** Asks for a key that was not to be had; never throws. */
export async function signingLines(broker: Broker): Promise<Line[]> {
  await broker.deviceKey.ready().catch(() => undefined);
  return [signatureLine(broker), headLine(broker), ...forkLine(broker)];
}

function signatureLine({ ledger: { store }, deviceKey, clock }: Broker): Line {
  const name = 'log signature';
  try {
    deviceKey.check();
  } catch (thrown) {
    const { message, hint } = toJitError(thrown);
    const advice = hint === undefined ? {} : { advice: hint };
    return {
      target: null,
      name,
      status: 'failed',
      detail: `${store.logOrigin} is not signed: ${message}`,
      ...advice,
    };
  }
  const { place, file } = deviceKey.state();
  const [, id = ''] = (store.key ?? '').split('+');
  const age = formatAge(clock.now() - (store.keySince ?? clock.now()));
  const key = `${store.logOrigin} is signed, by key ${id}, ${age}, kept in`;
  if (place === 'keychain') return { target: null, name, status: 'ok', detail: `${key} the keychain` };
  const detail = `${key} "${file}", because no keychain answered: whoever can read that file can sign as this broker`;
  return { target: null, name, status: 'warning', detail };
}

/** In whole minutes: what is younger is new. */
function formatAge(age: number): string {
  const minutes = Math.floor(age / 60_000) * 60_000;
  return minutes <= 0 ? 'new' : `${formatDuration(minutes)} old`;
}

function headLine({ ledger: { store }, deviceKey, paths }: Broker): Line {
  const name = 'log heads';
  if (store.unkept !== null) {
    const detail = `the newest head is not kept in ${paths.heads}: nobody would notice if the log were set back`;
    return { target: null, name, status: 'warning', detail };
  }
  const { headInKeychain } = deviceKey.state();
  if (headInKeychain === false) {
    const detail = `kept in ${paths.heads}; the copy in the keychain could not be renewed`;
    return { target: null, name, status: 'warning', detail };
  }
  const copies = headInKeychain ? ' and in the keychain' : '';
  return { target: null, name, status: 'ok', detail: `kept in ${paths.heads}${copies}` };
}

/** Of the last day: an older one has been seen. */
function forkLine({ ledger: { store }, clock }: Broker): Line[] {
  const fork = forkOf(store);
  if (fork === null || clock.now() - fork.at > day) return [];
  const detail = `${store.logOrigin} goes on from ${fork.previous}, which was set back, damaged or lost its key: "${fork.reason}"`;
  return [{ target: null, name: 'log fork', status: 'warning', detail }];
}
