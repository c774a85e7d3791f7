/**
 * Write-behind to Redis: changes that are on their way there, or wait until it
 * is within reach again. The newest change of a key is what this process
 * reads. An entry that there is no room for, or that Redis refuses, becomes a
 * deletion, since what it replaces must not come back.
 */
import type { Clock } from '../clock.ts';
import { type Exchanged, REFUSED } from '../redis/commands.ts';
import { entryKey, leaseKey } from '../redis/keys.ts';
import type { RedisConnection } from '../redis/connection.ts';
import type { Entry } from '../response/entry.ts';
import { type Gone, isGone } from './gone.ts';
import { DELETE, DELETE_FENCED, SET, SET_FENCED } from './redis-scripts.ts';
import { encodeValue } from './redis-value.ts';
import type { Sealing } from './sealing.ts';
import type { Fence } from './store.ts';
import { weigh } from './weight.ts';

export interface RedisWritesOptions {
  readonly connection: RedisConnection;
  readonly clock: Clock;
  /** How long expired entries are retained, in seconds. */
  readonly retention: number;
  readonly sealing: Sealing;
}

interface Write {
  readonly entry: Entry | null;
  readonly fence: Fence | undefined;
  readonly bytes: number;
  /** True for an entry that was thrown away when it was on its way already. */
  isGone: boolean;
}

/** How much may wait in all, and be on its way at once. */
const MAX_BYTES = 32 * 1_024 * 1_024;
const MAX_BYTES_IN_FLIGHT = 4 * 1_024 * 1_024;
const MAX_CHANGES = 100_000;
const MAX_IN_FLIGHT = 500;

const WRITE_MS = 2_000;
const RETRY_MS = 1_000;

/** An entry without an end lives for a year: all have one, by which Redis knows what it may evict. */
const YEAR_MS = 365 * 24 * 60 * 60 * 1_000;

function deletion(fence?: Fence): Write {
  return { entry: null, fence, bytes: 0, isGone: false };
}

export class RedisWrites {
  readonly #options: RedisWritesOptions;
  readonly #waiting = new Map<string, Write>();
  readonly #inFlight = new Map<string, Write>();
  #bytes = 0;
  #bytesInFlight = 0;
  #dropped = 0;
  #fenced = 0;
  #cancelRetry: (() => void) | undefined;
  #onDone: (() => void)[] = [];

  constructor(options: RedisWritesOptions) {
    this.#options = options;
    options.connection.onState(() => this.#send());
    options.connection.onBulkUp(() => this.#send());
  }

  /** How many entries there was no room for, or Redis refused. */
  get dropped(): number {
    return this.#dropped;
  }

  /** How many entries came too late: another lease held by then, and an entry was there. */
  get fenced(): number {
    return this.#fenced;
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0 && this.#inFlight.size === 0;
  }

  put(key: string, entry: Entry, fence: Fence | undefined): void {
    const bytes = weigh(key, entry);
    const hasRoom = this.#bytes + bytes <= MAX_BYTES;
    if (!hasRoom) this.#dropped += 1;
    this.#enqueue(key, hasRoom ? { entry, fence, bytes, isGone: false } : deletion(fence));
  }

  delete(key: string): void {
    this.#enqueue(key, deletion());
  }

  /** The change that is to come to a key; undefined where that is for Redis to say. */
  find(key: string): Entry | 'deleted' | undefined {
    const write = this.#waiting.get(key) ?? this.#inFlight.get(key);
    return write && (write.isGone ? 'deleted' : (write.entry ?? 'deleted'));
  }

  /** Throws away what is of what is gone. @returns the entries that were not on their way yet, with their keys */
  forsake(gone: Gone): readonly (readonly [string, Entry])[] {
    const dropped: (readonly [string, Entry])[] = [];
    for (const [key, { entry, fence }] of this.#waiting) {
      if (entry === null || !isGone(gone, key, entry)) continue;
      dropped.push([key, entry]);
      this.#enqueue(key, deletion(fence));
    }
    for (const [key, write] of this.#inFlight)
      if (write.entry !== null && isGone(gone, key, write.entry)) write.isGone = true;
    return dropped;
  }

  /** Resolves once nothing waits, or Redis is out of reach. @returns whether nothing waits */
  async flush(): Promise<boolean> {
    while (!this.isEmpty && this.#options.connection.state === 'up') {
      await new Promise<void>((resolve) => this.#onDone.push(resolve));
    }
    return this.isEmpty;
  }

  /** Gives up all that waits. */
  close(): void {
    this.#cancelRetry?.();
    this.#waiting.clear();
    this.#settle();
  }

  #enqueue(key: string, write: Write): void {
    this.#bytes -= this.#waiting.get(key)?.bytes ?? 0;
    this.#waiting.delete(key);
    if (this.#waiting.size < MAX_CHANGES) {
      this.#bytes += write.bytes;
      this.#waiting.set(key, write);
    } else if (write.entry !== null) this.#dropped += 1;
    this.#send();
  }

  /** Sends what there is room for on the way; of each key one change at a time. */
  #send(): void {
    if (this.#options.connection.state === 'down') return this.#settle();
    for (const [key, write] of this.#waiting) {
      if (this.#bytesInFlight >= MAX_BYTES_IN_FLIGHT || this.#inFlight.size >= MAX_IN_FLIGHT) return;
      if (this.#inFlight.has(key)) continue;
      this.#waiting.delete(key);
      this.#inFlight.set(key, write);
      this.#bytesInFlight += write.bytes;
      void this.#sendOne(key, write);
    }
  }

  async #sendOne(key: string, write: Write): Promise<void> {
    const outcome = await this.#write(key, write);
    this.#inFlight.delete(key);
    this.#bytesInFlight -= write.bytes;
    this.#bytes -= write.bytes;
    if (!this.#waiting.has(key)) {
      if (outcome === undefined) this.#wait(key, write);
      else if (outcome === REFUSED) this.#refused(key, write);
    }
    if (outcome === 0 && write.entry !== null && !write.isGone) this.#fenced += 1;
    if (outcome !== undefined) this.#send();
    this.#settle();
  }

  #write(key: string, { entry, fence, isGone }: Write): Promise<Exchanged> {
    const { connection, sealing } = this.#options;
    const name = entryKey(key);
    const keys = fence === undefined ? [name] : [name, leaseKey(fence.key)];
    const token = fence === undefined ? [] : [fence.token];
    if (entry === null || isGone) return connection.bulk.attempt(fence ? DELETE_FENCED : DELETE, keys, token, WRITE_MS);
    const args = [encodeValue(key, entry, sealing), this.#msToLive(entry), ...token];
    return connection.bulk.attempt(fence ? SET_FENCED : SET, keys, args, WRITE_MS);
  }

  /** It may have happened or not: it is to happen once Redis is within reach. */
  #wait(key: string, write: Write): void {
    this.#bytes += write.bytes;
    this.#waiting.set(key, write);
    this.#cancelRetry?.();
    this.#cancelRetry = this.#options.clock.after(RETRY_MS, () => this.#send());
  }

  /** A server that is full takes deletions. One that refuses these too is read by nobody: an error is a miss. */
  #refused(key: string, write: Write): void {
    if (write.entry === null) return;
    this.#dropped += 1;
    this.#waiting.set(key, deletion(write.fence));
  }

  #msToLive({ expiresAt }: Entry): number {
    const { clock, retention } = this.#options;
    const ms = expiresAt - clock.now() + retention * 1_000;
    return Math.ceil(Math.max(1, Math.min(ms, YEAR_MS)));
  }

  #settle(): void {
    const onDone = this.#onDone;
    this.#onDone = [];
    for (const done of onDone) done();
  }
}
