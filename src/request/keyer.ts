/**
 * Computes keys without holding the event loop: of short bodies at once, of long ones
 * on a thread of their own, which is started for the first of them. They wait
 * for their turn here, where what waits is bounded.
 */
import { extname } from 'node:path';
import { type Reply, type Service, Thread } from '../thread/thread.ts';
import type { WhyNotCacheable } from './parsed-request.ts';
import type { Parts } from './fingerprint.ts';
import type { Form } from './form.ts';
import { Memo } from './memo.ts';
import { computeKey, type KeyedRequest, type KeyContext } from './key.ts';
import type { KeyerService } from './keyer-service.ts';
import type { Candidate, Nearest, Ranked } from './nearest.ts';
import type { WholeBody } from './whole-body.ts';

/** `key-overload`: too many long bodies wait for their keys, or the thread failed. */
export type WhyNotKeyed = WhyNotCacheable | 'key-overload';

export interface Keyer {
  /** Bytes seen before are not read again; their key is without parts. */
  key(keyContext: KeyContext, body: WholeBody): KeyedRequest | WhyNotCacheable | Promise<KeyedRequest | WhyNotKeyed>;
  /** The parts that the key is made of; null for a long body. */
  parts(keyContext: KeyContext, body: WholeBody): Parts | null;
  /** On the thread in any case; null too where that fails. */
  nearest(parts: Parts, form: Form, candidates: readonly Candidate[]): Promise<Nearest | null>;
  /** The same of all that differ; none where that fails. */
  rank(parts: Parts, form: Form, candidates: readonly Candidate[]): Promise<readonly Ranked[]>;
  /** A keyer for other rules: it remembers nothing yet, and shares the thread. */
  anew(): Keyer;
  close(): Promise<void>;
}

/** The longest body, in bytes, whose key is computed at once: at most 50 ms, whatever it holds. */
const SHORT = 128 * 1024;

/** A body longer than this, in bytes, is copied to the thread in pages of its own, which go over as they are. */
const LONG = 1024 * 1024;

/** How many tasks may wait or be done; each holds its body in memory meanwhile. */
const MAX_WAITING = 64;

/** A thread that has nothing to do is ended soon, for it holds on to the memory of the long bodies that it read. */
const IDLE_MS = 5_000;

/** `.ts` in the source tree, `.js` where it was built. */
const SERVICE = new URL(`./keyer-service${extname(import.meta.url)}`, import.meta.url);

/** @param memoBytes what the keys of bytes seen before may take */
export function createKeyer(memoBytes: number): Keyer {
  return new ThreadedKeyer(memoBytes, new KeyerThread());
}

/** The thread, which does one task at a time. */
class KeyerThread {
  readonly service: Service<KeyerService> = new Thread({ idleMs: IDLE_MS }).serve({ module: SERVICE });
  /** How many tasks wait or are done, and when the last of them is. */
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** Bodies are copied to the thread in their turn only. @returns undefined where too many wait */
  inTurn<Result>(act: (service: Service<KeyerService>) => Promise<Result>): Promise<Result | undefined> {
    if (this.#waiting >= MAX_WAITING) return Promise.resolve(undefined);
    this.#waiting++;
    const result = this.#last.then(() => act(this.service)).catch(() => undefined);
    this.#last = result.then(() => this.#waiting--);
    return result;
  }
}

class ThreadedKeyer implements Keyer {
  readonly #memoBytes: number;
  readonly #memo: Memo;
  readonly #thread: KeyerThread;

  constructor(memoBytes: number, thread: KeyerThread) {
    this.#memoBytes = memoBytes;
    this.#memo = new Memo(memoBytes);
    this.#thread = thread;
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

  async nearest(parts: Parts, form: Form, candidates: readonly Candidate[]): Promise<Nearest | null> {
    const reply = await this.#thread.inTurn((service) => service.ask('nearest', [parts, form, candidates]));
    return reply && 'answer' in reply ? reply.answer : null;
  }

  async rank(parts: Parts, form: Form, candidates: readonly Candidate[]): Promise<readonly Ranked[]> {
    const reply = await this.#thread.inTurn((service) => service.ask('rank', [parts, form, candidates]));
    return reply && 'answer' in reply ? reply.answer : [];
  }

  anew(): Keyer {
    return new ThreadedKeyer(this.#memoBytes, this.#thread);
  }

  close(): Promise<void> {
    return this.#thread.service.end();
  }

  async #nameElsewhere(key: string, keyContext: KeyContext, body: WholeBody): Promise<KeyedRequest | WhyNotKeyed> {
    const reply = await this.#thread.inTurn((service) => nameBy(service, keyContext, body));
    if (!reply || 'failure' in reply) return 'key-overload';
    this.#memo.set(key, reply.answer);
    return reply.answer;
  }
}

function nameBy(
  service: Service<KeyerService>,
  keyContext: KeyContext,
  body: WholeBody,
): Promise<Reply<KeyedRequest | WhyNotCacheable>> {
  if (body.length <= LONG) return service.ask('name', [keyContext, body.bytes]);
  const pages = new ArrayBuffer(body.length, { maxByteLength: body.length });
  const copy = Buffer.from(pages, 0, body.length);
  body.bytes.copy(copy);
  return service.ask('name', [keyContext, copy], [pages]);
}
