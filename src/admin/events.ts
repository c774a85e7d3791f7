/**
 * `GET /events`: each request as it ends, as an event stream. What is told is
 * written once for all who read, in batches, so that a request costs a place in
 * a list; where nobody reads it costs nothing.
 */
import { type Request, type Response, Router } from 'express';
import type { Clock } from '../clock.ts';
import { overloaded } from '../errors.ts';

/** What a listener is told of a request. */
export interface Noted {
  /** When it ended, in milliseconds since the epoch. */
  readonly time: number;
}

/** @returns what ends the subscription */
export type Subscribe = (listener: (note: Noted) => void) => () => void;

/** Each of them takes time that hits would have. */
const MOST_READERS = 128;

/** How far a reader may lag, in bytes, before it is dropped: nothing is held for whoever does not read. */
const MAX_LAG = 1024 * 1024;

const BATCH_MS = 100;

/** How long nothing is told before a comment is: connections are cut on which nothing passes. */
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
  #notes: Noted[] = [];
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
    this.#unsubscribe = this.#subscribe((note) => this.#take(note));
    this.#writeIn(IDLE_MS);
  }

  #remove(reader: Response): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.#cancel();
    this.#notes = [];
  }

  #take(note: Noted): void {
    if (this.#notes.push(note) === 1) this.#writeIn(BATCH_MS);
  }

  #writeIn(ms: number): void {
    this.#cancel();
    this.#cancel = this.#clock.after(ms, () => this.#write());
  }

  #write(): void {
    const notes = this.#notes;
    this.#notes = [];
    const batch = notes.length === 0 ? COMMENT : Buffer.from(notes.map(eventOf).join(''));
    for (const reader of this.#readers) {
      // This batch is the same bytes for all, and no lag yet.
      if (reader.writableLength > MAX_LAG) reader.destroy();
      else reader.write(batch);
    }
    this.#writeIn(IDLE_MS);
  }
}

function eventOf(note: Noted): string {
  return `data: ${JSON.stringify({ ...note, time: new Date(note.time).toISOString() })}\n\n`;
}
