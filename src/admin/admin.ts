/**
 * The operator's door, on a listener of its own: is the proxy well, what did it
 * save, what does it hold, and what is to be thrown away.
 */
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import {
  bodyTooLarge,
  errorBody,
  internalError,
  invalidBody,
  reasonOf,
  RefrainError,
  unknownRoute,
  unsupportedMediaType,
} from '../errors.ts';
import { errorHeaders } from '../headers/error-headers.ts';
import type { Removals } from '../cache/removals.ts';
import type { Clock } from '../clock.ts';
import type { ShownConfig } from '../config/shown.ts';
import type { Log } from '../log.ts';
import type { Explanation } from '../request/explain.ts';
import type { Catalogue } from '../store/store.ts';
import { checkMediaType, MAX_BODY, readText, textOf } from './body.ts';
import { DESCRIPTION } from './description.ts';
import { entriesRoutes } from './entries.ts';
import { eventsRoutes, type Subscribe } from './events.ts';
import { type Figures, figuresRoutes } from './figures.ts';
import { createGuard, type GuardOptions } from './guard.ts';
import { purgeRoutes } from './purge.ts';
import { settingsRoutes } from './settings.ts';

export type Readiness = 'starting' | 'ready' | 'stopping';

export interface AdminOptions extends GuardOptions {
  readonly readiness: () => Readiness;
  /** @throws RefrainError where the text is not what it should be */
  readonly explain: (text: string) => Promise<Explanation>;
  readonly catalogue: Catalogue;
  readonly removals: Pick<Removals, 'purge' | 'purgeAll' | 'countAll' | 'written'>;
  readonly figures: Figures;
  /** Where requests are told of as they end. */
  readonly subscribe?: Subscribe;
  readonly settings?: () => ShownConfig;
  readonly clock: Clock;
  readonly log: Log;
}

export function createAdmin(options: AdminOptions): Express {
  const { readiness, explain, catalogue, removals, figures, subscribe, settings, clock, log } = options;
  const admin = express();
  admin.disable('x-powered-by');
  admin.disable('etag');
  admin.use(
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    }),
  );
  admin.use((_request: Request, response: Response, next: NextFunction) => {
    response.set('cache-control', 'no-store');
    next();
  });
  admin.use(createGuard(options));
  admin.use(checkMediaType);
  admin.get('/healthz', (_request: Request, response: Response) => {
    response.json({ status: 'alive' });
  });
  admin.get('/readyz', (_request: Request, response: Response) => {
    const status = readiness();
    response.status(status === 'ready' ? 200 : 503).json({ status });
  });
  admin.get('/openapi.json', (_request: Request, response: Response) => {
    response.type('json').send(DESCRIPTION);
  });
  admin.post('/explain', readText, async (request: Request, response: Response) => {
    response.json(await explain(textOf(request)));
  });
  admin.use(figuresRoutes(figures));
  if (settings) admin.use(settingsRoutes(settings));
  admin.use(entriesRoutes({ catalogue, removals, clock }));
  admin.use(purgeRoutes(removals));
  if (subscribe) admin.use(eventsRoutes(subscribe, clock));
  admin.use((request: Request) => {
    throw unknownRoute(request.method, request.path);
  });
  admin.use((cause: unknown, { method, path }: Request, response: Response, _next: NextFunction) => {
    // A path that cannot be decoded.
    const error = cause instanceof URIError ? unknownRoute(method, path) : refrainErrorOf(cause);
    if (error.code === 'internal_error') log.error({ err: cause }, 'an operator request failed');
    if (response.headersSent) return void response.destroy();
    response.set(errorHeaders(error)).status(error.status).type('json').send(errorBody(error));
  });
  return admin;
}

/** Express tells of what it could not read by the status that it would send. */
function refrainErrorOf(cause: unknown): RefrainError {
  if (cause instanceof RefrainError) return cause;
  const { status } = cause as { status?: number };
  if (status === 413) return bodyTooLarge(MAX_BODY);
  // A charset or a coding that is not known.
  if (status === 415) return unsupportedMediaType();
  return status !== undefined && status < 500 ? invalidBody(reasonOf(cause)) : internalError(cause);
}
