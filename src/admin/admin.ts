/**
 * The admin API, on a listener of its own: is the proxy well, what did it save,
 * what does it hold, and what is to be thrown away.
 */
import { readFileSync } from 'node:fs';
import express, { type Express, type NextFunction, type Request, type Response, Router } from 'express';
import helmet from 'helmet';
import {
  bodyTooLarge,
  ConfigError,
  errorBody,
  internalError,
  invalidBody,
  reasonOf,
  RefrainError,
  unknownRoute,
} from '../errors.ts';
import { invalidSettings, unsupportedMediaType } from './errors.ts';
import { errorHeaders } from '../headers/error-headers.ts';
import type { Removals } from '../cache/removals.ts';
import type { Clock } from '../clock.ts';
import type { ShownConfig } from '../config/shown.ts';
import type { BillQuery } from '../ledger/bill.ts';
import type { SeriesQuery } from '../ledger/time-series.ts';
import type { Log } from '../log.ts';
import type { Explanation } from '../request/explain.ts';
import type { LruInfo } from '../store/catalogue.ts';
import type { Catalogue } from '../store/catalogue.ts';
import { alive, type HealthReply, type HealthSources, readinessOf } from '../proxy/health.ts';
import { asksForBill, readBillQuery } from './bill-query.ts';
import { checkMediaType, MAX_BODY, readText, textOf } from './body.ts';
import type { DoctorReport } from './doctor.ts';
import { entriesRoutes } from './entries.ts';
import type { PriceOf } from './entry-json.ts';
import { eventsRoutes, type Subscribe } from './events.ts';
import { createNameGuard, createTokenGuard, type GuardOptions } from './guard.ts';
import { nearestRoutes, type Rank } from './nearest.ts';
import { createPage } from './page.ts';
import type { ProxyState } from './state.ts';
import { readSeriesQuery } from './series-query.ts';

/** A route whose function is missing is not there. */
export interface AdminOptions extends GuardOptions, HealthSources {
  /** @throws RefrainError where the text is not what it should be */
  readonly explain: (text: string) => Promise<Explanation>;
  readonly catalogue: Catalogue;
  readonly priceOf: PriceOf;
  readonly rank?: Rank;
  readonly removals: Pick<Removals, 'purge' | 'purgeAll' | 'countAll' | 'written'>;
  /** The memory tier since the start. */
  readonly lru: () => LruInfo;
  /** From the usage ledger. */
  readonly stats?: () => Promise<object>;
  /** From the same, by time. */
  readonly series?: (query: SeriesQuery) => Promise<object>;
  /** Of some requests, from the same. */
  readonly bill?: (query: BillQuery, now: number) => Promise<object>;
  /** In Prometheus' text format. */
  readonly metrics?: () => Promise<string>;
  /** Subscribes to requests as they end. */
  readonly subscribe?: Subscribe;
  readonly settings?: () => ShownConfig;
  readonly state?: () => Promise<ProxyState>;
  readonly doctor?: () => Promise<DoctorReport>;
  /** @throws ConfigError where a source of settings cannot be used */
  readonly reload?: () => Promise<object>;
  /** The folder of the page that was built, where it is another than the package's own. */
  readonly page?: URL;
  readonly clock: Clock;
  readonly log: Log;
}

/** https://prometheus.io/docs/instrumenting/exposition_formats/ */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** The document on this listener, sent as it is. */
const DESCRIPTION = readFileSync(new URL('../../config/openapi.json', import.meta.url), 'utf8');

const SECURITY_HEADERS = helmet({
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
});

export function createAdmin(options: AdminOptions): Express {
  const { catalogue, removals, priceOf, rank, subscribe, clock, log } = options;
  const admin = express();
  admin.disable('x-powered-by');
  admin.disable('etag');
  admin.use(SECURITY_HEADERS, (_request: Request, response: Response, next: NextFunction) => {
    response.set('cache-control', 'no-store');
    next();
  });
  // The page is a shell that anybody may load who can reach the listener; all that comes after it needs the token.
  admin.use(createNameGuard(options), createPage(options.page), createTokenGuard(options), checkMediaType);
  admin.use(stateRoutes(options));
  admin.post('/explain', readText, async (request: Request, response: Response) => {
    response.json(await options.explain(textOf(request)));
  });
  if (options.reload) admin.post('/reload', reloadRoute(options.reload, log));
  admin.use(entriesRoutes({ catalogue, removals, priceOf, clock }));
  if (rank) admin.use(nearestRoutes(catalogue, rank));
  if (subscribe) admin.use(eventsRoutes(subscribe, clock));
  admin.use((request: Request) => {
    throw unknownRoute(request.method, request.path);
  });
  admin.use((cause: unknown, { method, path }: Request, response: Response, _next: NextFunction) => {
    // A path that cannot be decoded.
    const error = cause instanceof URIError ? unknownRoute(method, path) : refrainErrorOf(cause);
    if (error.code === 'internal_error') log.error({ err: cause }, 'a request to the admin API failed');
    if (response.headersSent) return void response.destroy();
    response.set(errorHeaders(error)).status(error.status).type('json').send(errorBody(error));
  });
  return admin;
}

/** Tells what holds now, or why all is as it was; the log has the same. */
function reloadRoute(reload: () => Promise<object>, log: Log) {
  return async (_request: Request, response: Response) => {
    try {
      const reloaded = await reload();
      log.info(reloaded, 'the settings were reloaded');
      response.json(reloaded);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw invalidSettings(error.message);
    }
  };
}

/** The routes that only read how the proxy is. */
function stateRoutes(options: AdminOptions): Router {
  const { settings, state, doctor, stats, metrics } = options;
  const router = Router();
  const get = (path: string, send: (response: Response) => unknown) =>
    router.get(path, async (_request: Request, response: Response) => void (await send(response)));
  const sendHealth = (response: Response, [status, document]: HealthReply) => response.status(status).json(document);
  get('/healthz', (response) => sendHealth(response, alive()));
  get('/readyz', (response) => sendHealth(response, readinessOf(options)));
  get('/openapi.json', (response) => response.type('json').send(DESCRIPTION));
  if (settings) get('/settings', (response) => response.json(settings()));
  if (state) get('/state', async (response) => response.json(await state()));
  if (doctor) get('/doctor', async (response) => response.json(await doctor()));
  if (stats)
    router.get('/stats', async ({ query }: Request, response: Response) => {
      response.json(await readStats(query, { ...options, stats }));
    });
  if (metrics) get('/metrics', async (response) => response.type(METRICS_TYPE).send(await metrics()));
  return router;
}

/** The sums of all time, or of the intervals that are asked for. */
async function readStats(
  query: Request['query'],
  { stats, series, bill, lru, clock }: AdminOptions & Required<Pick<AdminOptions, 'stats'>>,
): Promise<object> {
  const now = clock.now();
  if (series && query.series !== undefined) return series(readSeriesQuery(query, now));
  if (bill && asksForBill(query)) return bill(readBillQuery(query, now), now);
  return { ...(await stats()), lru: lru() };
}

/** The error for what express could not read, by the status that it would send. */
function refrainErrorOf(cause: unknown): RefrainError {
  if (cause instanceof RefrainError) return cause;
  const { status } = cause as { status?: number };
  if (status === 413) return bodyTooLarge(MAX_BODY);
  // A charset or a coding that is not known.
  if (status === 415) return unsupportedMediaType();
  return status !== undefined && status < 500 ? invalidBody(reasonOf(cause)) : internalError(cause);
}
