/**
 * A board over Redis: a hash.
 */
import type { RedisReply } from '../redis/commands.ts';
import type { RedisConnection } from '../redis/connection.ts';
import { Script } from '../redis/script.ts';
import type { Board } from './hub.ts';

/** KEYS: the board. ARGV: a name and a text. Replies with what is there. */
const AGREE = new Script(`
  redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
  return redis.call('HGET', KEYS[1], ARGV[1])
`);

/** Nobody waits for notes but people. */
const BOARD_MS = 2_000;

export class RedisBoard implements Board {
  readonly #connection: RedisConnection;
  readonly #key: string;

  constructor(connection: RedisConnection, key: string) {
    this.#connection = connection;
    this.#key = key;
  }

  async put(name: string, text: string): Promise<boolean | null> {
    const reply = await this.#ask('HSET', name, text);
    return reply === undefined ? null : true;
  }

  async agree(name: string, text: string): Promise<string | null> {
    const reply = await this.#connection.run(AGREE, [this.#key], [name, text], BOARD_MS);
    return Buffer.isBuffer(reply) ? reply.toString() : null;
  }

  async remove(names: readonly string[]): Promise<boolean | null> {
    if (names.length === 0) return true;
    return (await this.#ask('HDEL', ...names)) === undefined ? null : true;
  }

  async all(): Promise<ReadonlyMap<string, string> | null> {
    const reply = await this.#ask('HGETALL');
    return reply === undefined ? null : notesOf(reply);
  }

  #ask(command: string, ...args: string[]): Promise<RedisReply | undefined> {
    return this.#connection.bulk.ask(command, [this.#key, ...args], BOARD_MS);
  }
}

/** Names and texts, as pairs, in a row or in a map, as the protocol has it. Null for anything else. */
function notesOf(reply: RedisReply): ReadonlyMap<string, string> | null {
  return Array.isArray(reply)
    ? new Map(reply.flatMap((name, at) => (at % 2 === 0 ? [[String(name), String(reply[at + 1])] as const] : [])))
    : null;
}
