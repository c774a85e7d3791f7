/**
 * `POST /purge`: throws away what fits.
 */
import { type Request, type Response, Router } from 'express';
import type { Removals } from '../cache/removals.ts';
import { notDurable } from '../errors.ts';
import { readText, textOf } from './body.ts';
import { readPurge } from './criteria.ts';

export function purgeRoutes(removals: Pick<Removals, 'purgeAll' | 'countAll' | 'written'>): Router {
  const router = Router();
  router.post('/purge', readText, async (request: Request, response: Response) => {
    const { request: purge, dryRun } = readPurge(textOf(request));
    const purged = await (dryRun ? removals.countAll(purge) : removals.purgeAll(purge));
    if (!dryRun && !(await removals.written())) throw notDurable();
    response.json({ ...purged, dryRun });
  });
  return router;
}
