/**
 * One request, from its question to the end of its answer, as whoever serves
 * it would put it and play it.
 */
import type { Cache } from '../../src/cache/cache.ts';
import type { Client, OtherForms, Permission } from '../../src/cache/question.ts';
import type { Fetch } from '../../src/cache/flight.ts';
import type { CacheResult } from '../../src/cache/outcome.ts';
import type { Sent } from '../../src/cache/variants.ts';
import { RefrainError } from '../../src/errors.ts';
import type { Reader } from '../../src/response/reader.ts';
import { expectationOf, type Kind } from './answers.ts';
import type { Findings } from './findings.ts';

/** The subject of a request. */
export interface Topic {
  readonly key: string;
  readonly kind: Kind;
  readonly shared: boolean;
  /** Of the same answer in another form; null where there is none. */
  readonly other: string | null;
}

/** Reads all at once; a chunk when told to; one chunk, and leaves from inside the call that brought it. */
export type Pace = 'eager' | 'lazy' | 'fleeing';

/** How the call begins that this request leads: played by hand; before `lead` returns, too late, or never. */
export type Leading = 'by hand' | 'says all' | 'fails' | 'throws' | 'begins and throws';

export type AskerState = 'asking' | 'playing' | 'complete' | 'cut' | 'left' | 'refused';

export interface Manner {
  /** Null asks past the cache. */
  readonly permission: Permission | null;
  readonly pace: Pace;
  readonly leading: Leading;
}

export class Asker {
  readonly topic: Topic;
  readonly manner: Manner;
  readonly openedAt: number;
  readonly openedStep: number;
  /** True where it was the one to find out, at the moment it asked. */
  isFirst = false;
  /** True where answers under its key were known not to be kept, at that moment. */
  isUnkept = false;
  state: AskerState = 'asking';
  result: CacheResult | null = null;
  /** Why it was refused, or cut. */
  error: unknown = null;
  readonly played: Buffer[] = [];
  /** True once its reader has shown it a head. */
  hasSeenHead = false;
  #isLeaving = false;
  #whenGone: (() => void) | null = null;
  #isReading = false;
  #settled = 0;
  readonly #findings: Findings;
  readonly #onSettled: () => void;

  constructor(plan: {
    topic: Topic;
    manner: Manner;
    now: number;
    step: number;
    findings: Findings;
    onSettled: () => void;
  }) {
    this.topic = plan.topic;
    this.manner = plan.manner;
    this.openedAt = plan.now;
    this.openedStep = plan.step;
    this.#findings = plan.findings;
    this.#onSettled = plan.onSettled;
  }

  get isOver(): boolean {
    return this.state !== 'asking' && this.state !== 'playing';
  }

  /** True where its client was gone before it was sent anything. */
  get hasLeftEarly(): boolean {
    return this.#isLeaving;
  }

  get listener(): Reader {
    if (!this.result) throw new Error('it was not opened');
    return this.result.reader;
  }

  ask(cache: Cache, fetch: Fetch): void {
    const sent: Sent = { isKeyed: () => false, digestOf: () => '' };
    const client: Client = { onceGone: (act) => this.#onceGone(act) };
    const {
      topic: { key, kind, shared },
      manner: { permission },
    } = this;
    const label = { endpoint: expectationOf(kind).endpoint, model: null, scope: 'scope', tags: [] };
    try {
      if (permission === null) return this.#open(cache.bypass('route', fetch));
      const hit = cache.hit(key, permission, sent);
      const result =
        hit ??
        cache.open(
          {
            key,
            forms: formsOf(this.topic),
            permission,
            mayBeStale: () => true,
            isRefresh: !permission.read,
            sent,
            client,
            expected: expectationOf(kind),
            shared,
            label,
            parts: () => null,
            fetch,
          },
          hit === null,
        );
      if (!(result instanceof Promise)) return this.#open(result);
      result.then(
        (opened) => this.#open(opened),
        (error: unknown) => this.#refuse(error),
      );
    } catch (error) {
      this.#refuse(error);
    }
  }

  /** Its client is gone. */
  leave(): void {
    if (this.state === 'playing') this.#end('left');
    else if (this.state === 'asking') {
      this.#isLeaving = true;
      this.#whenGone?.();
    }
  }

  /** Plays the next chunk, if it is here, or takes note of the end. */
  read(): void {
    // Taking a chunk can let the upstream say more before it returns.
    if (this.state !== 'playing' || this.#isReading) return;
    this.#isReading = true;
    const chunk = this.listener.read();
    this.#isReading = false;
    if (chunk) {
      this.played.push(chunk);
      if (this.manner.pace === 'fleeing') this.#end('left');
      return;
    }
    const { state, failure } = this.listener;
    if (state === 'complete') this.#end('complete');
    if (state !== 'cut') return;
    this.#findings.hold(failure !== null, () => 'what is cut does not say why');
    this.error = failure?.error;
    this.#end('cut');
  }

  /** Plays all that is here. */
  readAll(): void {
    for (let before = -1; this.state === 'playing' && before < this.played.length; ) {
      before = this.played.length;
      this.read();
    }
  }

  #onceGone(act: () => void): () => void {
    this.#whenGone = act;
    if (this.#isLeaving) act();
    return () => (this.#whenGone = null);
  }

  #open(result: CacheResult): void {
    this.result = result;
    this.#settle('playing');
    if (this.#isLeaving) return this.#end('left');
    result.reader.player = { changed: () => this.#onChange() };
    this.#onChange();
  }

  #refuse(error: unknown): void {
    this.error = error;
    this.#settle('refused');
  }

  #settle(state: AskerState): void {
    this.#findings.hold(++this.#settled === 1, () => 'a request was settled twice');
    this.state = state;
    this.#onSettled();
  }

  #onChange(): void {
    this.hasSeenHead ||= this.listener.head !== null;
    if (this.manner.pace === 'eager') this.readAll();
    else if (this.manner.pace === 'fleeing') this.read();
  }

  #end(state: AskerState): void {
    this.#findings.hold(!this.isOver, () => `an answer that was ${this.state} is ${state}`);
    this.state = state;
    this.listener.player = null;
    this.listener.leave();
  }
}

/** The code of a failure of ours; nothing for any other. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof RefrainError ? error.code : undefined;
}

/** A form is told by its key alone: what is derived says what its source says. */
function formsOf({ key, other }: Topic): OtherForms | null {
  if (other === null) return null;
  return { form: key, sources: [{ form: other, key: other, isRich: true }], derive: async (entry) => ({ ...entry }) };
}
