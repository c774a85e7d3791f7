/**
 * The exchanges of a cassette in memory: those that its file has, or will have, by the keys of their samples.
 */
import type { Entry } from '../response/entry.ts';
import { isPurgedBy, type Purge } from '../store/filter.ts';
import type { MemoryStore } from '../store/memory.ts';
import type { LoadedExchange } from './cassette-service.ts';
import { digestOf } from './exchange-digest.ts';
import type { RecordedExchange } from './recorded-exchange.ts';
import type { RecordingBuffer } from './recording-buffer.ts';

interface HeldExchange {
  readonly digest: string;
  readonly exchange: RecordedExchange;
  readonly entry: Entry;
}

export class HeldExchanges {
  /** The digests of those that were played or recorded. */
  readonly used = new Set<string>();
  readonly #memory: MemoryStore;
  readonly #buffer: RecordingBuffer;
  readonly #held = new Map<string, HeldExchange>();
  /** Recorded or deleted while the file was being read: what it has under these keys is of before. */
  readonly #early = new Set<string>();

  constructor(memory: MemoryStore, buffer: RecordingBuffer) {
    this.#memory = memory;
    this.#buffer = buffer;
  }

  *all(): Generator<readonly [key: string, exchange: RecordedExchange]> {
    for (const [key, { exchange }] of this.#held) yield [key, exchange];
  }

  /** Takes one from the file; of two with one key, which people made so, the first. */
  load({ key, digest, request, sample, entry }: LoadedExchange): void {
    const held = this.#held.get(key);
    if (this.#early.has(key)) {
      this.#buffer.remove(digest);
      if (held !== undefined) this.#buffer.add(held.digest, held.exchange);
    } else if (held === undefined) {
      const { head, body, call, arrivals } = entry;
      const timing = call && {
        firstByteMs: call.firstByteMs,
        ms: call.ms,
        ...(arrivals !== undefined && { arrivals }),
      };
      const exchange = { request, sample, answer: { head, body, ...(timing && { timing }) } };
      this.#held.set(key, { digest, exchange, entry });
      if (!this.#memory.has(key)) this.#memory.set(key, entry);
    }
  }

  /** @param isLoaded the file has been read to its end */
  record(exchange: RecordedExchange, key: string, entry: Entry, isLoaded: boolean): void {
    const digest = digestOf(exchange);
    const before = this.#held.get(key);
    if (before !== undefined) this.#buffer.remove(before.digest);
    if (!isLoaded) this.#early.add(key);
    this.#held.set(key, { digest, exchange, entry });
    this.#memory.set(key, entry);
    this.used.add(digest);
    this.#buffer.add(digest, exchange);
  }

  use(key: string): void {
    const held = this.#held.get(key);
    if (held !== undefined) this.used.add(held.digest);
  }

  delete(key: string, isLoaded: boolean): void {
    if (!isLoaded) this.#early.add(key);
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#held.delete(key);
    this.used.delete(held.digest);
    this.#buffer.remove(held.digest);
  }

  purge(purge: Purge): void {
    for (const [key, { entry }] of this.#held) if (isPurgedBy(purge, entry)) this.delete(key, true);
  }
}
