/**
 * Admission: how much goes on at once, and how much may. Beyond the bounds
 * a request that would cost more is turned away; one that finds its answer in
 * the store is served all the same, unless that is long and slow readers hold
 * too much of such.
 */
import { getHeapStatistics } from 'node:v8';
import type { Clock } from '../clock.ts';
import { overloaded } from '../errors.ts';

export interface Limits {
  /** Calls to upstreams at a time. */
  readonly flights: number;
  /** Requests at a time that wait for one of these calls, or are being played its answer. */
  readonly listeners: number;
  /**
   * The most that answers on their way may hold in memory, in bytes; beyond it they are relayed and not recorded. As
   * much again is for long ones that are sent from the store.
   */
  readonly bytes: number;
}

/** In bytes: a stored answer up to this takes no more than the buffers of its connection. */
export const SHORT_ANSWER = 64 * 1024;

/** Beyond this share of the heap, V8 collects garbage more than it works. */
const TIGHT_HEAP = 0.92;
const HEAP_SAMPLE_MS = 1_000;

export class AdmissionControl {
  /** Those that hold from here on; what was let in before stays. */
  limits: Limits;
  readonly #clock: Clock;
  readonly #heapUse: () => number;
  #flights = 0;
  #listeners = 0;
  #bytes = 0;
  /** The long bodies that are sent from the store, and to how many each; in memory each is there once. */
  readonly #sent = new Map<Buffer, number>();
  #sentBytes = 0;
  #heapIsTight = false;
  #sampledAt = -Infinity;

  /** @param heapUse the share of the heap that is in use, 0 to 1 */
  constructor(limits: Limits, clock: Clock, heapUse: () => number = heapUseOfProcess) {
    this.#heapUse = heapUse;
    this.limits = limits;
    this.#clock = clock;
  }

  get flights(): number {
    return this.#flights;
  }

  get listeners(): number {
    return this.#listeners;
  }

  /** The bytes that answers on their way hold. */
  get bytes(): number {
    return this.#bytes;
  }

  /** True where nothing more should be recorded. */
  get isFull(): boolean {
    return this.#bytes > this.limits.bytes;
  }

  /** @throws RefrainError `overloaded` where no further call may start, or nobody may listen to it */
  admitFlight(): void {
    this.admitCall();
    this.admitReader();
  }

  /** @throws RefrainError `overloaded` where no further call may start */
  admitCall(): void {
    if (this.#flights >= this.limits.flights || this.#isHeapTight()) throw overloaded();
  }

  /** @throws RefrainError `overloaded` where nobody more may listen */
  admitReader(): void {
    if (this.#listeners >= this.limits.listeners) throw overloaded();
  }

  countFlight(change: 1 | -1): void {
    this.#flights += change;
  }

  countReader(change: 1 | -1): void {
    this.#listeners += change;
  }

  /** @param change what answers on their way hold more, or less, in bytes */
  countBytes(change: number): void {
    this.#bytes += change;
  }

  /**
   * Counts a long stored answer for as long as somebody is sent it: a slow reader holds it, whatever becomes of it in
   * the store.
   * @returns what ends that
   * @throws RefrainError `overloaded` where those that are sent hold too much
   */
  admitBody(body: Buffer): () => void {
    const readers = this.#sent.get(body) ?? 0;
    if (readers === 0) {
      if (this.#sentBytes > this.limits.bytes) throw overloaded();
      this.#sentBytes += body.length;
    }
    this.#sent.set(body, readers + 1);
    return () => this.#giveBody(body);
  }

  #giveBody(body: Buffer): void {
    const readers = (this.#sent.get(body) ?? 0) - 1;
    if (readers > 0) return void this.#sent.set(body, readers);
    this.#sent.delete(body);
    this.#sentBytes -= body.length;
  }

  #isHeapTight(): boolean {
    const now = this.#clock.now();
    if (now - this.#sampledAt >= HEAP_SAMPLE_MS) {
      this.#heapIsTight = this.#heapUse() > TIGHT_HEAP;
      this.#sampledAt = now;
    }
    return this.#heapIsTight;
  }
}

function heapUseOfProcess(): number {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return used / limit;
}
