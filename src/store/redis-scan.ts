/**
 * All entries in Redis, a slice at a time: Redis is asked for so few at once
 * that nobody behind waits for it, and of each for its first bytes alone.
 */
import type { RedisConnection } from '../redis/connection.ts';
import type { RedisNode } from '../redis/commands.ts';
import { keyOfEntry } from '../redis/keys.ts';
import { decodeRow, HEAD_BYTES, type RedisRow } from './redis-value.ts';

export interface ScanSlice {
  readonly server: RedisNode;
  /** An entry may come twice, and one that is set or deleted meanwhile may not come. */
  readonly rows: readonly RedisRow[];
}

/** How many keys are looked at in one go; less than 5 ms of this process, and far less of Redis. */
const KEYS_AT_ONCE = 250;
/** How long one step may take; past it, Redis is taken for gone. */
const STEP_MS = 1_000;

/**
 * @param match the pattern of their names
 * @returns slices; the last is undefined where a server is out of reach
 */
export async function* scanRows(connection: RedisConnection, match: string): AsyncGenerator<ScanSlice | undefined> {
  const servers = connection.bulkServers();
  if (servers === undefined) yield undefined;
  for (const server of servers ?? []) yield* scanServer(server, match);
}

export async function* scanServer(server: RedisNode, match: string): AsyncGenerator<ScanSlice | undefined> {
  for await (const names of scanNames(server, match)) {
    const rows = names && (await readRows(server, names));
    yield rows && { server, rows };
    if (rows === undefined) return;
  }
}

/** The names alone; likewise. */
export async function* scanNames(server: RedisNode, match: string): AsyncGenerator<readonly string[] | undefined> {
  let cursor = '0';
  do {
    const reply = await server.ask('SCAN', [cursor, 'MATCH', match, 'COUNT', KEYS_AT_ONCE], STEP_MS);
    const [next, names] = Array.isArray(reply) ? reply : [];
    if (!Buffer.isBuffer(next) || !Array.isArray(names)) return yield undefined;
    cursor = next.toString();
    yield names.map(String);
  } while (cursor !== '0');
}

/** Undefined where the server is out of reach. What is gone by now, or odd, is left out. */
async function readRows(server: RedisNode, names: readonly string[]): Promise<readonly RedisRow[] | undefined> {
  let isThere = true;
  const rows = await Promise.all(
    names.map(async (name) => {
      const key = keyOfEntry(name);
      if (key === undefined) return undefined;
      const read = async (bytes: number) => {
        const head = await server.ask('GETRANGE', [name, 0, bytes - 1], STEP_MS);
        if (head === undefined) isThere = false;
        return decodeRow(key, head);
      };
      const row = await read(HEAD_BYTES);
      const whole = typeof row === 'number' ? await read(row) : row;
      return typeof whole === 'object' ? whole : undefined;
    }),
  );
  return isThere ? rows.filter((row) => row !== undefined) : undefined;
}
