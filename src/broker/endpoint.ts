// The endpoints of a grant: opened before they are handed out, served from memory, dead at its end.
// The one place that holds what they answer; what is dropped here is forgotten.

import { JitError } from '../core/errors.ts';
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

/** The endpoints of one grant, from opening until nobody is told any more that it has ended. */
export interface GrantEndpoints {
  /** True when nobody can have the credential: it is nowhere but here, and was never asked for. */
  readonly isUntouched: boolean;
  readonly hasEnded: boolean;
  /** Serves the first one without its listener. @throws JitError `ERR_GRANT_ENDED`, and what the provider throws */
  answer(): Secret;
  /** Forgets what was served; from now on the answer is that the grant has ended. Idempotent, never throws. */
  end(): void;
  /** Stops to listen and removes the token files. Never rejects. */
  close(): Promise<void>;
}

/** Ended grants that still say so; with more, the oldest falls silent. Each takes a port and a descriptor. */
const mostLingering = 64;

/**
 * Opens a listener for each of `handOut.endpoints`, and registers them with the broker.
 * @throws JitError `ERR_UNSUPPORTED`; then none is open
 */
export async function openEndpoints(
  broker: Broker,
  grantId: string,
  leaseId: string,
  handOut: HandOut,
): Promise<OpenedEndpoint[]> {
  const wanted = handOut.endpoints ?? [];
  if (wanted.length === 0) return [];
  const tally = keepTally(broker, grantId, leaseId);
  const servers: EndpointServer[] = [];
  const held = hold(broker, grantId, leaseId, { answers: wanted, servers, tally });
  broker.endpoints.set(grantId, held);
  try {
    const opened: OpenedEndpoint[] = [];
    for (const [index, { urlVariable, tokenFileVariable }] of wanted.entries()) {
      const owner = {
        answer: () => held.serve(index),
        served: () => tally.served(),
        refused: (why: string) => tally.refused(why),
      };
      const server = await openEndpointServer(owner, broker.random);
      servers.push(server);
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
  readonly servers: EndpointServer[];
  readonly tally: Tally;
}

function hold(
  broker: Broker,
  grantId: string,
  leaseId: string,
  { answers, servers, tally }: Holding,
): GrantEndpoints & { serve(index: number): Secret | null } {
  let live: readonly HandOutEndpoint[] = answers;
  let cancel = (): void => undefined;

  /** Timers stand still while a machine sleeps, so the clock is asked each time. */
  function serve(index: number): Secret | null {
    const endpoint = live[index];
    if (!endpoint) return null;
    const lease = broker.ledger.lease(leaseId);
    if (lease?.state !== 'active' || isDue(lease, broker.clock)) return null;
    broker.refreshing.get(leaseId)?.look();
    return endpoint.answer();
  }

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
    if (live.length === 0) return;
    live = [];
    cancel = broker.clock.after(broker.timing.linger, () => void close());
    closeOldest(broker);
  }

  return {
    get isUntouched() {
      return !tally.hasServed;
    },
    get hasEnded() {
      return live.length === 0;
    },
    serve,
    answer() {
      const answer = serve(0);
      if (answer === null) {
        throw new JitError('ERR_GRANT_ENDED', `grant "${grantId}" has ended`, { hint: 'jit elevate' });
      }
      tally.served();
      return answer;
    },
    end,
    close,
  };
}

function closeOldest(broker: Broker): void {
  const lingering = [...broker.endpoints.values()].filter(({ hasEnded }) => hasEnded);
  for (const held of lingering.slice(0, Math.max(0, lingering.length - mostLingering))) void held.close();
}
