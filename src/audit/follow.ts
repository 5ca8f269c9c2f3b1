// What the rows of one log have to agree with besides themselves: its tree, its checkpoints, its keys, the log before it,
// and heads that are known from elsewhere. Pure; fed by the verification of the rows.

import { parseCheckpoint } from './checkpoint.ts';
import type { EventBody, EventData, LogHead } from './event.ts';
import { createFrontier, type NodeReader } from './merkle.ts';
import { parseVkey, signersOf, type VerifierKey } from './note.ts';

/** Where a log begins whose first events are not there any more. What it says is believed only as far as signatures go. */
export interface Beginning {
  /** How many events are gone. */
  readonly size: number;
  /** The complete subtrees of the tree of the first `size - 1` events, from left to right; as many as it has. */
  readonly nodes: readonly Uint8Array[];
  /** The last event that is gone, and its leaf hash. */
  readonly body: EventBody;
  readonly leaf: Uint8Array;
  /** The key in force after it; null: none was named. */
  readonly vkey: string | null;
}

/** One log, and what is known of it. */
export interface FollowOptions {
  readonly origin: string;
  /** The end of the log that this one goes on from; null for the first. */
  readonly previous: LogHead | null;
  /** All that are stored, by size. */
  readonly checkpoints: readonly { readonly size: number; readonly note: string }[];
  /** Heads of this log that are kept elsewhere. */
  readonly known: readonly LogHead[];
  /** Sizes at which its root is asked for, by {@link Follower.roots}. */
  readonly marks?: ReadonlySet<number>;
  /** Without it the log is followed from its first event on. */
  readonly begin?: Beginning;
  /** Told every subtree as it becomes complete; a text that it answers is a problem. */
  readonly onNode?: (level: number, index: number, hash: Buffer) => string | null;
}

/** A key and how many events there were when it came into force. */
export interface KeyInForce {
  readonly size: number;
  readonly vkey: string;
}

/** A log while it is read. */
export interface Follower {
  /** What is wrong with where the log begins; null when nothing is. */
  readonly beginning: string | null;
  /** What is wrong with this event as the next one; null when nothing is. */
  event(body: EventBody, leaf: Uint8Array): string | null;
  /** What is wrong with the log as a whole, once all its events were given. */
  end(): string | null;
  head(): LogHead;
  /** In order of succession. */
  readonly keys: readonly KeyInForce[];
  /** Events that the newest checkpoint covers. */
  readonly signed: number;
  /** Known heads that this log does not lead to. */
  readonly missed: readonly LogHead[];
  readonly fork: EventData['log.fork'] | null;
  /** Hex, by size: at each of the marks that was reached. */
  readonly roots: ReadonlyMap<number, string>;
}

/** A log of which no event was read yet. */
export function followLog(options: FollowOptions): Follower {
  const { origin, previous, begin, marks } = options;
  const least = begin?.size ?? 0;
  const checkpoints = options.checkpoints.filter(({ size }) => size >= least);
  const known = options.known.toSorted((a, b) => a.size - b.size);
  const missed: LogHead[] = [];
  const roots = new Map<number, string>();
  const keys: KeyInForce[] = [];
  let objection: string | null = null;
  const frontier = createFrontier(
    begin ? least - 1 : 0,
    begin && inOrder(begin.nodes),
    (level, index, hash) => {
      objection ??= options.onNode?.(level, index, hash) ?? null;
    },
  );
  let nextCheckpoint = 0;
  let nextKnown = 0;
  let signed = 0;
  let fork: EventData['log.fork'] | null = null;
  /** Who has to sign, and who else at this very size, where one key hands over to the next. */
  let key: VerifierKey | null = null;
  let handover: { readonly size: number; readonly from: VerifierKey } | null = null;

  const head = (): LogHead => ({ origin, size: frontier.size, root: frontier.root().toString('hex') });

  function name(vkey: string, size: number): string | null {
    const next = parseVkey(vkey);
    if (next?.name !== origin) return 'the key that it names is not one of this log';
    key = next;
    keys.push({ size, vkey });
    return null;
  }

  function open(data: EventData['log.open']): string | null {
    if (!same(data.previous ?? null, previous)) return 'it does not link to the end of the log before';
    return data.vkey === undefined ? null : name(data.vkey, 1);
  }

  function rotate(data: EventData['key.rotate'], size: number): string | null {
    if (data.previous !== (key?.vkey ?? null)) return 'the key that it follows is not the one in force';
    handover = key && { size, from: key };
    return name(data.vkey, size);
  }

  function structure({ type, data }: EventBody, seq: number): string | null {
    if (seq === 1 && previous !== null && type !== 'log.fork')
      return 'the log before was left without "log.fork"';
    if (type === 'log.open') return open(data as EventData['log.open']);
    if (type === 'key.rotate') return rotate(data as EventData['key.rotate'], seq + 1);
    if (type !== 'log.fork') return null;
    fork = data as EventData['log.fork'];
    return seq === 1 && same(fork.previous, previous) ? null : 'it is not the fork that this log began with';
  }

  function checkpoint(note: string): string | null {
    const found = parseCheckpoint(note);
    if (!found) return 'its checkpoint is malformed';
    if (!same(found, head())) return 'its checkpoint is one of another tree';
    const wanted = [...(handover?.size === found.size ? [handover.from] : []), ...(key ? [key] : [])];
    const signers = signersOf(found.note, wanted);
    const isExact = signers?.length === wanted.length && found.note.signatures.length === wanted.length;
    if (wanted.length === 0 || !isExact) return 'its checkpoint is not signed by the key in force';
    signed = found.size;
    return null;
  }

  /** Heads over as many events as there are now. */
  function compareKnown(): void {
    for (; known[nextKnown]?.size === frontier.size; nextKnown += 1) {
      const elsewhere = known[nextKnown] as LogHead;
      if (elsewhere.root !== head().root) missed.push(elsewhere);
    }
  }

  /** The last event that is gone is the first that is looked at: it may name a key, as any other. */
  function start({ size, body, leaf, vkey }: Beginning): string | null {
    frontier.append(leaf);
    const before = keyBefore(body, vkey);
    const what = (before === null ? null : name(before, size - 1)) ?? structure(body, size - 1);
    if (what !== null) return what;
    if ((key?.vkey ?? null) !== vkey) return 'the key that was kept of it is not the one that it names';
    return atSize(size);
  }

  /** Everything that is known about the tree at its present size. */
  function atSize(size: number): string | null {
    if (marks?.has(size)) roots.set(size, head().root);
    const stored = checkpoints[nextCheckpoint];
    if (stored?.size === size) {
      nextCheckpoint += 1;
      const what = checkpoint(stored.note);
      if (what !== null) return what;
    }
    if (handover?.size === size && signed !== size) return 'no checkpoint hands over from key to key';
    compareKnown();
    return null;
  }

  // Of what is gone nobody can say whether it led there.
  for (; (known[nextKnown]?.size ?? least) < least; nextKnown += 1) missed.push(known[nextKnown] as LogHead);
  const beginning = begin ? start(begin) : null;
  // A head of a log without an event.
  compareKnown();

  return {
    beginning,
    keys,
    missed,
    roots,
    head,
    get signed() {
      return signed;
    },
    get fork() {
      return fork;
    },
    event(body, leaf) {
      const seq = frontier.size;
      const isPlain = seq > 1 && body.type !== 'key.rotate' && body.type !== 'log.fork';
      const what = isPlain ? null : structure(body, seq);
      if (what !== null) return what;
      frontier.append(leaf);
      const size = seq + 1;
      if (objection !== null) return objection;
      const isMarked =
        checkpoints[nextCheckpoint]?.size === size ||
        known[nextKnown]?.size === size ||
        handover?.size === size ||
        marks?.has(size) === true;
      return isMarked ? atSize(size) : null;
    },
    end() {
      missed.push(...known.slice(nextKnown));
      const { size } = frontier;
      const left = checkpoints[nextCheckpoint];
      if (left) return `a checkpoint covers ${left.size} events and ${size} are there`;
      if (key !== null && signed === 0) return 'the log names a key and has no checkpoint';
      if (signed < least)
        return 'no checkpoint covers what is there, and so nothing shows that it is of this log';
      // What is kept elsewhere was taken from here, after it was stored here; what this does not lead to is judged elsewhere.
      const newest = known.slice(0, nextKnown).findLast((one) => !missed.includes(one));
      if (newest && newest.size > signed) return 'its checkpoint is older than a head that is kept elsewhere';
      return null;
    },
  };
}

/** The key that was in force before `body`, after which it is `vkey`. */
function keyBefore({ type, data }: EventBody, vkey: string | null): string | null {
  if (type === 'log.open') return null;
  return type === 'key.rotate' ? (data as EventData['key.rotate']).previous : vkey;
}

/** For a frontier, which reads its nodes from left to right. */
function inOrder(nodes: readonly Uint8Array[]): NodeReader {
  const left = [...nodes];
  return (level, index) => {
    const node = left.shift();
    if (node) return node;
    throw new RangeError(`no node ${index} at level ${level}`);
  };
}

function same(one: LogHead | null, other: LogHead | null): boolean {
  if (one === null || other === null) return one === other;
  return one.origin === other.origin && one.size === other.size && one.root === other.root;
}
