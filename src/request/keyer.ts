/**
 * Names answers without holding the event loop: short bodies at once, long ones
 * on a thread of their own, which is started for the first of them.
 */
import { extname } from 'node:path';
import type { Piscina } from 'piscina';
import type { WhyNotCacheable } from './parsed-request.ts';
import type { Parts } from './fingerprint.ts';
import type { Form } from './form.ts';
import { Memo } from './memo.ts';
import { computeKey, type KeyedRequest, type KeyContext } from './key.ts';
import type { Candidate, Nearest } from './nearest.ts';
import type { WholeBody } from './whole-body.ts';

/** `unnamed`: too many long bodies wait for their names, or the thread failed. */
export type WhyNotKeyed = WhyNotCacheable | 'unnamed';

export interface Keyer {
  /** Bytes seen before are not read again; their naming is without parts. */
  key(keyContext: KeyContext, body: WholeBody): KeyedRequest | WhyNotCacheable | Promise<KeyedRequest | WhyNotKeyed>;
  /** What the name is made of; null for a long body. */
  parts(keyContext: KeyContext, body: WholeBody): Parts | null;
  /** On the thread in any case; null too where that fails. */
  nearest(parts: Parts, form: Form, candidates: readonly Candidate[]): Promise<Nearest | null>;
  /** Loads what runs the thread. Whoever needs it before waits for that. */
  prepare(): Promise<void>;
  close(): Promise<void>;
}

/** The longest body, in bytes, that is named at once: at most 50 ms, whatever it holds. */
const SHORT = 128 * 1024;

/** A body that is longer than this, in bytes, is copied to the thread in pages of its own, one at a time. */
const LONG = 1024 * 1024;

/** How many tasks may wait; each holds its body in memory meanwhile. */
const MAX_WAITING = 64;

/** A thread that has nothing to do is ended soon, for it holds on to the memory of the long bodies that it read. */
const IDLE_MS = 5_000;

/** `.ts` in the source tree, `.js` where it was built. */
const WORKER = new URL(`./keyer.worker${extname(import.meta.url)}`, import.meta.url);

/** @param memoBytes what the names of bytes seen before may take */
export function createKeyer(memoBytes: number): Keyer {
  return new ThreadedKeyer(memoBytes);
}

class ThreadedKeyer implements Keyer {
  readonly #memo: Memo;
  #threads: Piscina | undefined;
  /** How many very long bodies wait or are named, and when the last of them is. */
  #waiting = 0;
  #alone: Promise<void> = Promise.resolve();

  constructor(memoBytes: number) {
    this.#memo = new Memo(memoBytes);
  }

  key(keyContext: KeyContext, body: WholeBody): KeyedRequest | WhyNotCacheable | Promise<KeyedRequest | WhyNotKeyed> {
    const key = Memo.keyOf(keyContext, body);
    const known = this.#memo.get(key);
    if (known !== undefined) return known;
    if (body.length > SHORT) return this.#nameElsewhere(key, keyContext, body);
    const keyed = computeKey(keyContext, body.bytes);
    this.#memo.set(key, keyed);
    return keyed;
  }

  parts(keyContext: KeyContext, body: WholeBody): Parts | null {
    const keyed = body.length > SHORT ? null : computeKey(keyContext, body.bytes);
    return keyed === null || typeof keyed === 'string' ? null : keyed.parts;
  }

  nearest(parts: Parts, form: Form, candidates: readonly Candidate[]): Promise<Nearest | null> {
    return this.#run<Nearest | null>('nearest', { parts, form, candidates }).catch(() => null);
  }

  async prepare(): Promise<void> {
    await import('piscina');
  }

  async close(): Promise<void> {
    await this.#threads?.destroy();
  }

  async #nameElsewhere(key: string, keyContext: KeyContext, body: WholeBody): Promise<KeyedRequest | WhyNotKeyed> {
    try {
      const keyed = await (body.length > LONG
        ? this.#nameAlone(keyContext, body)
        : this.#run<KeyedRequest | WhyNotCacheable>('name', { keyContext, body: body.bytes }));
      this.#memo.set(key, keyed);
      return keyed;
    } catch {
      return 'unnamed';
    }
  }

  /** One at a time, and copied only then: its copy goes over to the thread as it is. */
  async #nameAlone(keyContext: KeyContext, body: WholeBody): Promise<KeyedRequest | WhyNotCacheable> {
    if (this.#waiting >= MAX_WAITING) throw new Error('too many wait');
    this.#waiting++;
    const before = this.#alone;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#alone = promise;
    await before;
    try {
      const pages = new ArrayBuffer(body.length, { maxByteLength: body.length });
      const copy = Buffer.from(pages, 0, body.length);
      body.bytes.copy(copy);
      return await this.#run<KeyedRequest | WhyNotCacheable>('name', { keyContext, body: copy }, [pages]);
    } finally {
      this.#waiting--;
      resolve();
    }
  }

  async #run<Result>(name: string, task: unknown, transferList: ArrayBuffer[] = []): Promise<Result> {
    const { Piscina } = await import('piscina');
    this.#threads ??= new Piscina({
      filename: WORKER.href,
      minThreads: 0,
      maxThreads: 1,
      maxQueue: MAX_WAITING,
      idleTimeout: IDLE_MS,
      execArgv: [],
    });
    return this.#threads.run(task, { name, transferList });
  }
}
