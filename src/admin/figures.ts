/**
 * `GET /stats` and `GET /metrics`: what was served, spent and saved.
 */
import { type Request, type Response, Router } from 'express';
import type { LruInfo } from '../store/memory.ts';

export interface Figures {
  /** The memory tier since the start. */
  readonly lru: () => LruInfo;
  /** From the books. */
  readonly stats?: () => Promise<object>;
  /** In Prometheus' text format. */
  readonly metrics?: () => Promise<string>;
}

/** https://prometheus.io/docs/instrumenting/exposition_formats/ */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export function figuresRoutes({ lru, stats, metrics }: Figures): Router {
  const router = Router();
  if (stats)
    router.get(
      '/stats',
      async (_request: Request, response: Response) => void response.json({ ...(await stats()), lru: lru() }),
    );
  if (metrics)
    router.get(
      '/metrics',
      async (_request: Request, response: Response) => void response.type(METRICS_TYPE).send(await metrics()),
    );
  return router;
}
