/**
 * `GET /events`: each request as it ends, as an event stream. Events are
 * written once for all readers, in batches, so that a request costs a place in
 * a list; without a reader it costs nothing.
 */
import { type Request, type Response, Router } from 'express';
import type { Clock } from '../clock.ts';
import { overloaded } from '../errors.ts';

/** A request that has ended. */
export interface EndedRequest {
  /** When it ended, in milliseconds since the epoch. */
  readonly time: number;
}

/** @returns what ends the subscription */
export type Subscribe = (subscriber: (ended: EndedRequest) => void) => () => void;

/** Each of them takes time that hits would have. */
const MOST_READERS = 128;

/** The bytes that a reader may lag before it is dropped: nothing is held for one that does not read. */
const MAX_LAG = 1024 * 1024;

const BATCH_MS = 100;

/** The time without an event before a comment is sent: connections are cut on which nothing passes. */
const IDLE_MS = 15_000;
const COMMENT = Buffer.from(':\n\n');

export function eventsRoutes(subscribe: Subscribe, clock: Clock): Router {
  const router = Router();
  const feed = new EventFeed(subscribe, clock);
  router.get('/events', (request: Request, response: Response) => {
    if (feed.isFull) throw overloaded();
    response.set({ 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
    if (request.method === 'HEAD') return void response.end();
    response.flushHeaders();
    feed.add(response);
  });
  return router;
}

class EventFeed {
  readonly #subscribe: Subscribe;
  readonly #clock: Clock;
  readonly #readers = new Set<Response>();
  #ended: EndedRequest[] = [];
  #unsubscribe: (() => void) | null = null;
  /** Cancels the next write: of a batch, or of a comment. */
  #cancel = () => {};

  constructor(subscribe: Subscribe, clock: Clock) {
    this.#subscribe = subscribe;
    this.#clock = clock;
  }

  get isFull(): boolean {
    return this.#readers.size >= MOST_READERS;
  }

  add(reader: Response): void {
    this.#readers.add(reader);
    reader.once('close', () => this.#remove(reader));
    if (this.#unsubscribe) return;
    this.#unsubscribe = this.#subscribe((ended) => this.#take(ended));
    this.#writeIn(IDLE_MS);
  }

  #remove(reader: Response): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.#cancel();
    this.#ended = [];
  }

  #take(ended: EndedRequest): void {
    if (this.#ended.push(ended) === 1) this.#writeIn(BATCH_MS);
  }

  #writeIn(ms: number): void {
    this.#cancel();
    this.#cancel = this.#clock.after(ms, () => this.#write());
  }

  #write(): void {
    const ended = this.#ended;
    this.#ended = [];
    const batch = ended.length === 0 ? COMMENT : Buffer.from(ended.map(eventOf).join(''));
    for (const reader of this.#readers) {
      // This batch is the same bytes for all, and no lag yet.
      if (reader.writableLength > MAX_LAG) reader.destroy();
      else reader.write(batch);
    }
    this.#writeIn(IDLE_MS);
  }
}

function eventOf(ended: EndedRequest): string {
  return `data: ${JSON.stringify({ ...ended, time: new Date(ended.time).toISOString() })}\n\n`;
}
