/**
 * A log over Redis: a stream whose ids have one part (`1-0`, `2-0` …), and
 * beside it the log's incarnation, on the same machine. Whoever comes first
 * names the incarnation, also where there is no record yet.
 *
 * A record is lost with the machine that took it, unless its replicas
 * have it: where that matters and there are some, they are waited for.
 */
import { randomUUID } from 'node:crypto';
import type { RedisConnection } from '../redis/connection.ts';
import { fleetKey } from '../redis/keys.ts';
import { Script } from '../redis/script.ts';
import type { LogRecord, LogSlice, SharedLog } from './hub.ts';

/** KEYS of each script: records, incarnation. */
const COMMON = `
  local records, incarnation = KEYS[1], KEYS[2]
  local function idAt(command, from, to)
    local found = redis.call(command, records, from, to, 'COUNT', 1)[1]
    return found and tonumber(string.match(found[1], '^%d+'))
  end
`;

/**
 * ARGV: a name for a log that has none, the text, the least to hold, the channel for news. Replies with the id, and how
 * many replicas there are.
 */
const APPEND = new Script(`${COMMON}
  local _, replicas = string.gsub(redis.call('INFO', 'replication'), 'state=online', '')
  redis.call('SET', incarnation, ARGV[1], 'NX')
  local id = (idAt('XREVRANGE', '+', '-') or 0) + 1
  redis.call('XADD', records, 'MAXLEN', '~', ARGV[3], id .. '-0', 'text', ARGV[2])
  redis.call('PUBLISH', ARGV[4], id)
  return {id, replicas}
`);

/** ARGV: id, text. Replies with 1 where that record is there, having written: so `WAIT` waits for all until here. */
const TOUCH = new Script(`
  local id = ARGV[1] .. '-0'
  local found = redis.call('XRANGE', KEYS[1], id, id)[1]
  if not found or found[2][2] ~= ARGV[2] then return 0 end
  redis.call('SET', KEYS[2], redis.call('GET', KEYS[2]))
  return 1
`);

/** ARGV: a name for a log that has none, the first id to read, how many. */
const READ = new Script(`${COMMON}
  local name = redis.call('GET', incarnation)
  if not name then
    name = ARGV[1]
    redis.call('SET', incarnation, name)
  end
  local found = redis.call('XRANGE', records, ARGV[2] .. '-0', '+', 'COUNT', ARGV[3])
  return {name, idAt('XRANGE', '-', '+') or 1, idAt('XREVRANGE', '+', '-') or 0, found}
`);

/** How long a call may take, in ms: what is appended is more than a lookup, and polled logs are the first to know. */
const CALL_MS = 1_000;
/** How long replicas may take to say that they have it, in ms. */
const CONFIRM_MS = 1_000;

export interface RedisLogOptions {
  readonly name: string;
  readonly connection: RedisConnection;
  /** The least that it holds; about a hundred more are dropped together. */
  readonly held: number;
  /** True where replicas are waited for. */
  readonly isConfirmed: boolean;
}

export class RedisLog implements SharedLog {
  readonly #connection: RedisConnection;
  readonly #held: number;
  readonly #isConfirmed: boolean;
  readonly #keys: readonly [records: string, incarnation: string];
  readonly #channel: string;
  readonly #listeners: (() => void)[] = [];

  constructor({ name, connection, held, isConfirmed }: RedisLogOptions) {
    this.#connection = connection;
    this.#held = held;
    this.#isConfirmed = isConfirmed;
    this.#keys = [fleetKey(`log:${name}`), fleetKey(`log:${name}:incarnation`)];
    this.#channel = fleetKey(`news:${name}`);
  }

  async append(text: string): Promise<number | null> {
    const args = [randomUUID(), text, this.#held, this.#channel];
    const reply = await this.#connection.run(APPEND, this.#keys, args, CALL_MS);
    const [id, replicas] = Array.isArray(reply) ? reply : [];
    if (typeof id !== 'number' || typeof replicas !== 'number') return null;
    const isDone = !this.#isConfirmed || replicas === 0 || (await this.#isWith(replicas, id, text));
    return isDone ? id : null;
  }

  async read(after: number, limit: number): Promise<LogSlice | null> {
    const reply = await this.#connection.run(READ, this.#keys, [randomUUID(), after + 1, limit], CALL_MS);
    if (!Array.isArray(reply)) return null;
    const [incarnation, first, last, found] = reply;
    if (!Buffer.isBuffer(incarnation) || typeof first !== 'number' || typeof last !== 'number') return null;
    const records = Array.isArray(found) ? found.map(recordOf) : [null];
    return records.every((record) => record !== null)
      ? { incarnation: incarnation.toString(), first, last, records }
      : null;
  }

  onNews(listener: () => void): void {
    if (this.#listeners.push(listener) > 1) return;
    const report = () => {
      for (const each of this.#listeners) each();
    };
    this.#connection.subscribe(this.#channel, report);
    this.#connection.onListening(report);
    this.#connection.onState((state) => state === 'up' && report());
  }

  /**
   * Tests whether so many replicas have a record: over the second connection, since `WAIT` blocks it, and with a look
   * at the log, since another machine may lead by now.
   */
  async #isWith(replicas: number, id: number, text: string): Promise<boolean> {
    const node = this.#connection.bulkOn(this.#keys[0]);
    if (node === undefined) return false;
    const touched = node.run(TOUCH, this.#keys, [id, text], CALL_MS);
    const confirmed = node.ask('WAIT', [replicas, CONFIRM_MS], CONFIRM_MS + CALL_MS);
    const [isThere, count] = await Promise.all([touched, confirmed]);
    return isThere === 1 && typeof count === 'number' && count >= replicas;
  }
}

/** Null for what no script of ours has written. */
function recordOf(found: unknown): LogRecord | null {
  if (!Array.isArray(found)) return null;
  const [id, fields] = found;
  const text = Array.isArray(fields) ? fields[1] : undefined;
  return Buffer.isBuffer(id) && Buffer.isBuffer(text)
    ? { id: Number.parseInt(id.toString(), 10), text: text.toString() }
    : null;
}
