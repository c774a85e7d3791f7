/**
 * The operator's door, on a listener of its own: is the proxy alive, and does
 * it take requests.
 */
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { bodyTooLarge, errorBody, internalError, invalidBody, reasonOf, RefrainError, unknownRoute } from '../errors.ts';
import type { Explanation } from '../request/explain.ts';

export type Readiness = 'starting' | 'ready' | 'stopping';

export interface AdminOptions {
  readonly readiness: () => Readiness;
  /** @throws RefrainError where the text is not what it should be */
  readonly explain: (text: string) => Promise<Explanation>;
}

/** The most that a body may take, in bytes: two long requests. */
const MAX_BODY = 8 * 1024 * 1024;

export function createAdmin({ readiness, explain }: AdminOptions): Express {
  const admin = express();
  admin.disable('x-powered-by');
  admin.disable('etag');
  admin.use((_request: Request, response: Response, next) => {
    response.set('cache-control', 'no-store');
    next();
  });
  admin.get('/healthz', (_request: Request, response: Response) => {
    response.json({ status: 'alive' });
  });
  admin.get('/readyz', (_request: Request, response: Response) => {
    const status = readiness();
    response.status(status === 'ready' ? 200 : 503).json({ status });
  });
  admin.post('/explain', express.text({ type: 'application/json', limit: MAX_BODY }), async (request: Request, response: Response) => {
    if (typeof request.body !== 'string') throw invalidBody('send it with content-type: application/json');
    response.json(await explain(request.body));
  });
  admin.use((request: Request) => {
    throw unknownRoute(request.method, request.path);
  });
  admin.use((cause: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const error = refrainErrorOf(cause);
    response.status(error.status).type('json').send(errorBody(error));
  });
  return admin;
}

/** Express tells of a body that it could not read by the status that it would send. */
function refrainErrorOf(cause: unknown): RefrainError {
  if (cause instanceof RefrainError) return cause;
  const { status } = cause as { status?: number };
  if (status === 413) return bodyTooLarge(MAX_BODY);
  return status !== undefined && status < 500 ? invalidBody(reasonOf(cause)) : internalError(cause);
}
