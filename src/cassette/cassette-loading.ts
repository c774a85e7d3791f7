/**
 * The reading of a cassette, a lot at a time: the thread parses the next one while the main thread takes this one, and
 * requests are answered in between.
 */
import { setImmediate } from 'node:timers/promises';
import { unpackEntry } from '../store/handed-over.ts';
import type { Failure } from '../thread/failure.ts';
import type { Service } from '../thread/thread.ts';
import { type CassetteHeader, EMPTY_HEADER } from './cassette-header.ts';
import type { CassetteService, LoadedExchange } from './cassette-service.ts';
import { unpackRequest } from './handed-over.ts';

export class CassetteLoading {
  /** Resolves once it is known how requests are to be read. */
  readonly opened: Promise<CassetteHeader>;
  /** Resolves at the end of the file, with why it cannot be read, or null. Never rejects. */
  readonly ended: Promise<Failure | null>;
  header = EMPTY_HEADER;
  isOver: boolean;
  readonly #now: () => number;
  readonly #take: (exchange: LoadedExchange) => void;
  #lot = Promise.withResolvers<void>();

  /** @param service null where there is no file */
  constructor(service: Service<CassetteService> | null, now: () => number, take: (exchange: LoadedExchange) => void) {
    this.#now = now;
    this.#take = take;
    this.isOver = service === null;
    if (service === null) {
      this.opened = Promise.resolve(this.header);
      this.ended = Promise.resolve(null);
      return;
    }
    const opening = service.ask('open', []);
    this.opened = opening.then((reply) => ('answer' in reply ? (this.header = reply.answer) : this.header));
    this.ended = opening
      .then((reply) => ('failure' in reply ? reply.failure : this.#run(service)))
      .then((failure) => this.#end(failure));
  }

  /** Resolves once there is more, or all. */
  get more(): Promise<void> {
    return this.#lot.promise;
  }

  async #run(service: Service<CassetteService>): Promise<Failure | null> {
    let asked = service.ask('next', [this.#now()]);
    for (;;) {
      const reply = await asked;
      if ('failure' in reply) return reply.failure;
      const { exchanges, isLast } = reply.answer;
      if (!isLast) asked = service.ask('next', [this.#now()]);
      for (const exchange of exchanges) this.#take(unpacked(exchange));
      if (isLast) return null;
      this.#announce();
      await setImmediate();
    }
  }

  #end(failure: Failure | null): Failure | null {
    this.isOver = true;
    this.#announce();
    return failure;
  }

  #announce(): void {
    const lot = this.#lot;
    this.#lot = Promise.withResolvers<void>();
    lot.resolve();
  }
}

/** Its bodies Buffers again. */
function unpacked(exchange: LoadedExchange): LoadedExchange {
  const { request, entry } = exchange;
  return { ...exchange, request: unpackRequest(request), entry: unpackEntry(entry) };
}
