// What a broker does at the shared store: name its log, ask where it stands, append. What is sent and when is the broker's.

import type { StoreConnection } from './connection.ts';

/** Where the store stands with one log. */
export interface StoreHead {
  readonly size: number;
  /** Leaf hash (hex) of the last event. */
  readonly leaf: string;
  /** The newest signed note that it was given. */
  readonly checkpoint: string | null;
}

/** The writer's three calls. */
export interface StoreWriter {
  /** Harmless when it is there already. */
  register(origin: string): Promise<void>;
  /** null: it is not registered, or is another login's. */
  head(origin: string): Promise<StoreHead | null>;
  /** Appends what is not there yet; answers how many events are there now. */
  append(
    origin: string,
    first: number,
    bodies: readonly Uint8Array[],
    checkpoint: string | null,
  ): Promise<number>;
}

/** The calls over a connection; they throw what the driver throws. */
export function storeWriter(connection: StoreConnection): StoreWriter {
  return {
    register: async (origin) => void (await connection.rows('SELECT jit.register($1)', [origin])),
    async head(origin) {
      const rows = await connection.rows<{ size: string; leaf: Buffer; checkpoint: string | null }>(
        'SELECT size, leaf, checkpoint FROM jit.head($1)',
        [origin],
      );
      const [row] = rows;
      return row
        ? { size: Number(row.size), leaf: row.leaf.toString('hex'), checkpoint: row.checkpoint }
        : null;
    },
    async append(origin, first, bodies, checkpoint) {
      const rows = await connection.rows<{ size: string }>(
        'SELECT jit.append($1::text, $2::bigint, $3::bytea[], $4::text) AS size',
        [origin, first, byteaArray(bodies), checkpoint],
      );
      return Number(rows[0]?.size);
    },
  };
}

/** Type number of bytea. */
const bytea = 17;

/**
 * A one-dimensional bytea[] as PostgreSQL sends and takes arrays in binary (array_recv). The driver's own form is text
 * with two hex digits per byte.
 */
export function byteaArray(items: readonly Uint8Array[]): Buffer {
  if (items.length === 0) return int32(0, 0, bytea);
  return Buffer.concat([
    int32(1, 0, bytea, items.length, 1),
    ...items.flatMap((item) => [int32(item.length), item]),
  ]);
}

function int32(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) buffer.writeInt32BE(value, 4 * index);
  return buffer;
}
