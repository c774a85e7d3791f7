/**
 * The hub over Redis: leases are keys that end by themselves, messages go by
 * PUBLISH, logs are streams and boards hashes. What has to happen at once is
 * one script, so that a claim is one round trip.
 */
import { randomBytes } from 'node:crypto';
import { entryKey, fleetKey, leaseKey } from '../redis/keys.ts';
import type { RedisReply } from '../redis/commands.ts';
import type { RedisConnection } from '../redis/connection.ts';
import { Script } from '../redis/script.ts';
import { Sealing } from '../store/sealing.ts';
import type { Claim, Claimed, Hub, HubState, Lease, LogName } from './hub.ts';
import { RedisBoard } from './redis-board.ts';
import { RedisLog } from './redis-log.ts';

/**
 * KEYS: entry, lease. ARGV: `storedAt` of the entry that was seen, or nothing; the value of the lease; ms; the token
 * whose lease is taken over, or `*` for whichever, or nothing. Replies with nothing where the lease is granted.
 */
const CLAIM = new Script(`
  if ARGV[4] ~= '*' then
    local storedAt = redis.call('GETRANGE', KEYS[1], 0, 7)
    if storedAt ~= '' and storedAt ~= ARGV[1] then return {'stored', storedAt} end
    local holder = redis.call('GET', KEYS[2])
    if holder and string.match(holder, '^[^ ]*') ~= ARGV[4] then return {'held', holder} end
  end
  redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
  return {}
`);

/** KEYS: leases. ARGV: ms; the value of each. Replies with 1 for each that still holds. */
const RENEW = new Script(`
  local held = {}
  for at, key in ipairs(KEYS) do
    held[at] = 0
    if redis.call('GET', key) == ARGV[at + 1] then held[at] = redis.call('PEXPIRE', key, ARGV[1]) end
  end
  return held
`);

/** KEYS: lease. ARGV: its value. Replies with 1 where it held. */
const RELEASE = new Script(`
  return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0
`);

/** KEYS: a channel. ARGV: a message. In a cluster a key leads to one server, which keeps the order of messages. */
const PUBLISH = new Script(`
  return redis.call('PUBLISH', KEYS[1], ARGV[1])
`);

/** How many leases one script renews: it holds up all else that long. */
const RENEWED_AT_ONCE = 100;
/** How long leases may take to be renewed, in ms: they have time for one more attempt. */
const RENEW_MS = 1_000;
/** How many records a log holds at least. */
const LENGTHS = { purges: 10_000, callers: 20_000, replaced: 1_000 };

const STORED_AT_BYTES = 8;
const STORED = Buffer.from('stored');

export interface RedisHubOptions {
  readonly connection: RedisConnection;
  /** The least that each log holds. */
  readonly lengths?: Readonly<Record<LogName, number>>;
  /** Seals messages, which carry answers; they are in the clear if not given. */
  readonly sealing?: Sealing;
}

export class RedisHub implements Hub {
  /** Without a blank, which ends a token in the value of a lease. */
  readonly node = randomBytes(12).toString('hex');
  readonly #connection: RedisConnection;
  readonly #sealing: Sealing;
  readonly #logs: Readonly<Record<LogName, RedisLog>>;
  readonly #boards: Readonly<Record<'books' | 'facts', RedisBoard>>;

  constructor({ connection, lengths = LENGTHS, sealing = new Sealing() }: RedisHubOptions) {
    this.#connection = connection;
    this.#sealing = sealing;
    const log = (name: LogName, isConfirmed = false) =>
      new RedisLog({ name, connection, held: lengths[name], isConfirmed });
    this.#logs = { purges: log('purges', true), callers: log('callers'), replaced: log('replaced') };
    const board = (name: string) => new RedisBoard(connection, fleetKey(`board:${name}`));
    this.#boards = { books: board('books'), facts: board('facts') };
  }

  get state(): HubState {
    return this.#connection.state;
  }

  onState(listener: (state: HubState) => void): void {
    this.#connection.onState(listener);
  }

  async claim({ key, token, ms, seen, takesOver }: Claim): Promise<Claimed | null> {
    const taken = takesOver === true ? '*' : takesOver || '';
    const args = [seen === null ? '' : bytesOf(seen), this.#valueOf(token), ms, taken];
    const reply = await this.#connection.run(CLAIM, [entryKey(key), leaseKey(key)], args);
    return reply === undefined ? null : claimedOf(reply);
  }

  async renew(leases: readonly Lease[], ms: number): Promise<readonly boolean[] | null> {
    const replies = await Promise.all(this.#together(leases).map((some) => this.#renew(some, ms)));
    return replies.some((reply) => reply === null) ? null : replies.flatMap((reply) => reply ?? []);
  }

  async release({ key, token }: Lease): Promise<boolean | null> {
    const reply = await this.#connection.run(RELEASE, [leaseKey(key)], [this.#valueOf(token)]);
    return reply === undefined ? null : reply === 1;
  }

  async send(node: string, message: Uint8Array): Promise<boolean | null> {
    const [connection, channel] = [this.#connection, channelOf(node)];
    const bytes = bufferOver(this.#sealing.seal(channel, '', message));
    if (connection.isCluster) return (await connection.run(PUBLISH, [channel], [bytes])) === undefined ? null : true;
    const listeners = await connection.ask('PUBLISH', [channel, bytes]);
    return typeof listeners === 'number' ? listeners > 0 : null;
  }

  listen(listener: (message: Buffer) => void): void {
    const channel = channelOf(this.node);
    this.#connection.subscribe(channel, (message) => {
      const opened = this.#sealing.open(channel, '', message);
      // One that does not open is as good as lost.
      if (typeof opened !== 'string') listener(opened);
    });
  }

  log(name: LogName): RedisLog {
    return this.#logs[name];
  }

  board(name: 'books' | 'facts'): RedisBoard {
    return this.#boards[name];
  }

  /** Closes the connection: the store that uses it is closed before. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  #valueOf(token: string): string {
    return `${token} ${this.node}`;
  }

  async #renew(leases: readonly Lease[], ms: number): Promise<readonly boolean[] | null> {
    const keys = leases.map(({ key }) => leaseKey(key));
    const values = leases.map(({ token }) => this.#valueOf(token));
    const reply = await this.#connection.run(RENEW, keys, [ms, ...values], RENEW_MS);
    return Array.isArray(reply) ? reply.map((held) => held === 1) : null;
  }

  /** Those that one script may name: in a cluster, keys of several slots are not. */
  #together(leases: readonly Lease[]): readonly (readonly Lease[])[] {
    const size = this.#connection.isCluster ? 1 : RENEWED_AT_ONCE;
    return Array.from({ length: Math.ceil(leases.length / size) }, (_, at) => leases.slice(at * size, (at + 1) * size));
  }
}

function channelOf(node: string): string {
  return fleetKey(`node:${node}`);
}

function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** As an entry in Redis begins. */
function bytesOf(storedAt: number): Buffer {
  const bytes = Buffer.alloc(STORED_AT_BYTES);
  bytes.writeDoubleBE(storedAt);
  return bytes;
}

/** Null for what no script of ours says. */
function claimedOf(reply: RedisReply): Claimed | null {
  if (!Array.isArray(reply)) return null;
  const [kind, what] = reply;
  if (kind === undefined) return { kind: 'granted' };
  if (!Buffer.isBuffer(kind) || !Buffer.isBuffer(what)) return null;
  if (kind.equals(STORED))
    return what.length < STORED_AT_BYTES ? null : { kind: 'stored', storedAt: what.readDoubleBE() };
  const [token = '', node = ''] = what.toString().split(' ');
  return { kind: 'held', node, token };
}
