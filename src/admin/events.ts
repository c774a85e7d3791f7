/**
 * `GET /events`: each request as it ends, as an event stream.
 */
import { type Request, type Response, Router } from 'express';

/** What a listener is told of a request. */
export interface Noted {
  /** When it ended, in milliseconds since the epoch. */
  readonly time: number;
}

/** @returns what ends the subscription */
export type Subscribe = (listener: (note: Noted) => void) => () => void;

/** How far a reader may lag, in bytes, before it is dropped: nothing is held for whoever does not read. */
const MAX_LAG = 1024 * 1024;

export function eventsRoutes(subscribe: Subscribe): Router {
  const router = Router();
  router.get('/events', (_request: Request, response: Response) => {
    response.set({ 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
    response.flushHeaders();
    const unsubscribe = subscribe((note) => {
      response.write(`data: ${JSON.stringify({ ...note, time: new Date(note.time).toISOString() })}\n\n`);
      if (response.writableLength > MAX_LAG) response.destroy();
    });
    response.once('close', unsubscribe);
  });
  return router;
}
