// What a grant is served from memory: by endpoints, opened before they are handed out, and to helper programs. Dead at
// its end. The one place that holds what is answered; what is dropped here is forgotten.

import { JitError } from '../core/errors.ts';
import type { Lease } from '../core/lease.ts';
import type { Secret } from '../core/secret.ts';
import type { HandOut, HandOutEndpoint } from '../providers/provider.ts';
import type { Broker } from './broker.ts';
import { isDue } from './due.ts';
import { type EndpointServer, openEndpointServer } from './endpoint-server.ts';
import { keepTally, type Tally } from './endpoint-tally.ts';
import { removeHandOut } from './hand-out.ts';

/** How a child is told of one endpoint. */
export interface OpenedEndpoint {
  readonly urlVariable: string;
  readonly tokenFileVariable: string;
  readonly url: string;
  readonly token: Secret;
}

/** What one grant is served, from opening until nobody is told any more that it has ended. */
export interface GrantEndpoints {
  /** True when nobody can have the credential: it is nowhere but here, and was never asked for. */
  readonly isUntouched: boolean;
  readonly hasEnded: boolean;
  /** Names of files that stay while this says that the grant has ended. */
  readonly lingering: readonly string[];
  /** What a helper program of this kind is given, counted; `by` tells who asked, for the log. @throws JitError `ERR_GRANT_ENDED`, `ERR_UNSUPPORTED`, and what the provider throws */
  help(kind: string, by?: () => string | null): Readonly<Record<string, string | number>>;
  /** The credential left the broker by another way. */
  left(): void;
  /** Counts somebody who was refused elsewhere. */
  refused(why: string): void;
  /** Forgets what was served; from now on the answer is that the grant has ended. Idempotent, never throws. */
  end(): void;
  /** Stops to listen and removes the token files. Never rejects. */
  close(): Promise<void>;
}

/** Ended grants that still say so; with more, the oldest falls silent. Each takes a port and a descriptor. */
const mostLingering = 64;

/**
 * Holds what helpers are given and, for an export by `reference`, opens a listener for each of `handOut.endpoints`;
 * registers it with the broker if there is anything to hold.
 * @param kind the export kind; others put the credential itself into somebody's hands
 * @throws JitError `ERR_UNSUPPORTED`; then none is open
 */
export async function openEndpoints(
  broker: Broker,
  { grant, id: leaseId }: Pick<Lease, 'grant' | 'id'>,
  handOut: HandOut,
  kind: string,
): Promise<OpenedEndpoint[]> {
  const { helpers = {} } = handOut;
  const answers = kind === 'reference' ? (handOut.endpoints ?? []) : [];
  if (answers.length === 0 && Object.keys(helpers).length === 0) return [];
  const tally = keepTally(broker, grant, leaseId);
  const servers: EndpointServer[] = [];
  const lingering = handOut.files.filter(({ lingers }) => lingers).map(({ name }) => name);
  const held = hold(broker, grant, leaseId, { answers, helpers, lingering, servers, tally });
  if (kind !== 'reference') held.left();
  broker.endpoints.set(grant, held);
  try {
    const opened: OpenedEndpoint[] = [];
    for (const [index, { urlVariable, tokenFileVariable }] of answers.entries()) {
      const owner = {
        answer: () => held.serve(index),
        served: (by: () => string | null) => tally.served(by),
        refused: (why: string) => tally.refused(why),
      };
      const server = await openEndpointServer(owner, broker.random);
      servers.push(server);
      broker.onSecret(server.token);
      opened.push({ urlVariable, tokenFileVariable, url: server.url, token: server.token });
    }
    return opened;
  } catch (thrown) {
    await held.close();
    throw thrown;
  }
}

/** Closes all, lingering ones too. Never rejects. */
export async function closeEndpoints(broker: Broker): Promise<void> {
  await Promise.all([...broker.endpoints.values()].map((held) => held.close()));
}

interface Holding {
  readonly answers: readonly HandOutEndpoint[];
  readonly helpers: NonNullable<HandOut['helpers']>;
  readonly lingering: readonly string[];
  readonly servers: EndpointServer[];
  readonly tally: Tally;
}

function hold(
  broker: Broker,
  grantId: string,
  leaseId: string,
  { answers, helpers, lingering, servers, tally }: Holding,
): GrantEndpoints & { serve(index: number): Secret | null } {
  /** Null once it has ended. */
  let live: Pick<Holding, 'answers' | 'helpers'> | null = { answers, helpers };
  const isListening = answers.length > 0;
  let hasLeft = false;
  let cancel = (): void => undefined;

  /** Timers stand still while a machine sleeps, so the clock is asked each time. */
  function current(): typeof live {
    const lease = broker.ledger.lease(leaseId);
    if (lease?.state !== 'active' || isDue(lease, broker.clock)) return null;
    broker.refreshing.get(leaseId)?.look();
    return live;
  }

  const ended = (): JitError =>
    new JitError('ERR_GRANT_ENDED', `grant "${grantId}" has ended`, { hint: 'jit elevate' });

  async function close(): Promise<void> {
    end();
    cancel();
    broker.endpoints.delete(grantId);
    tally.close();
    try {
      removeHandOut(broker, grantId);
    } catch (thrown) {
      broker.log.warn(`the files of grant ${grantId} cannot be removed`, thrown);
    }
    await Promise.all(servers.map((server) => server.close()));
  }

  function end(): void {
    if (live === null) return;
    live = null;
    // Nobody knocks where nothing listens.
    if (!isListening) return void close();
    // Timers stand still while a machine sleeps, and a use told hours after the end would be an alarm.
    tally.tellServed();
    cancel = broker.clock.after(broker.timing.linger, () => void close());
    closeOldest(broker);
  }

  function serve(index: number): Secret | null {
    return current()?.answers[index]?.answer() ?? null;
  }

  return {
    get isUntouched() {
      return !hasLeft && !tally.hasServed;
    },
    get hasEnded() {
      return live === null;
    },
    lingering,
    serve,
    help(kind, by) {
      const held = current();
      if (held === null) throw ended();
      const helper = Object.hasOwn(held.helpers, kind) ? held.helpers[kind] : undefined;
      if (!helper) throw noHelper(grantId, kind);
      const answer = helper();
      tally.served(by);
      return answer;
    },
    left() {
      hasLeft = true;
    },
    refused: (why) => tally.refused(why),
    end,
    close,
  };
}

/** What is said where nothing is held for such a helper. */
export function noHelper(grantId: string, kind: string): JitError {
  const message = `the broker holds nothing for the helper "${kind}" under grant "${grantId}"`;
  return new JitError('ERR_UNSUPPORTED', message, { hint: 'jit status shows what the grant is for' });
}

function closeOldest(broker: Broker): void {
  const lingering = [...broker.endpoints.values()].filter(({ hasEnded }) => hasEnded);
  for (const held of lingering.slice(0, Math.max(0, lingering.length - mostLingering))) void held.close();
}
