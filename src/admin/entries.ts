/**
 * `GET /entries`, `GET /entries/{key}`, `DELETE /entries/{key}` and
 * `POST /purge`: the entries that are kept, shown and deleted.
 */
import { type Request, type Response, Router } from 'express';
import type { Removals } from '../cache/removals.ts';
import type { Clock } from '../clock.ts';
import { notDurable, overloaded } from '../errors.ts';
import { unknownEntry } from './errors.ts';
import type { Catalogue } from '../store/catalogue.ts';
import { readText, textOf } from './body.ts';
import { readListing, readPurge } from './criteria.ts';
import { writeCursor } from './cursor.ts';
import { findRow } from './find-row.ts';
import { entryJson, entryRowJson, type PriceOf } from './entry-json.ts';

export interface EntriesOptions {
  readonly catalogue: Catalogue;
  readonly removals: Pick<Removals, 'purge' | 'purgeAll' | 'countAll' | 'written'>;
  readonly priceOf: PriceOf;
  readonly clock: Clock;
}

export function entriesRoutes({ catalogue, removals, priceOf, clock }: EntriesOptions): Router {
  const router = Router();

  router.get('/entries', async (request: Request, response: Response) => {
    const now = clock.now();
    const listing = readListing(request.query, now);
    const page = await catalogue.list(listing);
    if (!page) throw overloaded();
    response.json({
      entries: page.rows.map((row) => entryRowJson(row, now, priceOf)),
      next: page.next && writeCursor(listing.sort, page.next),
    });
  });

  router.get('/entries/:key', async (request: Request<{ key: string }>, response: Response) => {
    const row = await findRow(catalogue, request.params.key);
    const entry = await catalogue.read(row.key);
    if (!entry) throw unknownEntry(row.key);
    response.json(entryJson(row, entry, clock.now(), priceOf));
  });

  router.delete('/entries/:key', async (request: Request<{ key: string }>, response: Response) => {
    const { key, bytes } = await findRow(catalogue, request.params.key);
    await removals.purge(key);
    if (!(await removals.written())) throw notDurable();
    response.json({ entries: 1, bytes });
  });

  router.post('/purge', readText, async (request: Request, response: Response) => {
    const { request: purge, dryRun } = readPurge(textOf(request));
    const purged = await (dryRun ? removals.countAll(purge) : removals.purgeAll(purge));
    if (!dryRun && !(await removals.written())) throw notDurable();
    response.json({ ...purged, dryRun });
  });

  return router;
}
