/**
 * The operator's door, on a listener of its own: is the proxy alive, and does
 * it take requests.
 */
import express, { type Express, type Request, type Response } from 'express';
import { errorBody, unknownRoute } from '../errors.ts';

export type Readiness = 'starting' | 'ready' | 'stopping';

export function createAdmin(readiness: () => Readiness): Express {
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
  admin.use((request: Request, response: Response) => {
    const error = unknownRoute(request.method, request.path);
    response.status(error.status).type('json').send(errorBody(error));
  });
  return admin;
}
