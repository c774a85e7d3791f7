/**
 * `POST /purge`: throws away what fits.
 */
import { type Request, type Response, Router } from 'express';
import type { Cache } from '../cache/cache.ts';
import { notDurable } from '../errors.ts';
import { readText, textOf } from './body.ts';
import { readPurge } from './criteria.ts';

export function purgeRoutes(cache: Pick<Cache, 'purgeAll' | 'countAll' | 'written'>): Router {
  const router = Router();
  router.post('/purge', readText, async (request: Request, response: Response) => {
    const { request: purge, dryRun } = readPurge(textOf(request));
    const purged = await (dryRun ? cache.countAll(purge) : cache.purgeAll(purge));
    if (!dryRun && !(await cache.written())) throw notDurable();
    response.json({ ...purged, dryRun });
  });
  return router;
}
