/**
 * `GET /entries/{key}/nearest`: the entries whose requests come nearest to that of one, which tells why it was asked
 * anew.
 */
import { type Request, type Response, Router } from 'express';
import { unknownEntry } from './errors.ts';
import { withinBound } from '../proxy/nearest-request.ts';
import { formOf } from '../request/fingerprint.ts';
import type { Keyer } from '../request/keyer.ts';
import type { Ranked } from '../request/nearest.ts';
import type { Catalogue } from '../store/catalogue.ts';
import { findRow } from './find-row.ts';

/** Compares requests, off the event loop. */
export type Rank = Keyer['rank'];

export interface NearestJson {
  readonly key: string;
  /** The reason why there is nothing to compare; null where there is. */
  readonly why: string | null;
  readonly nearest: readonly Ranked[];
}

/** How many entries are compared, the newest first, and how many are named. */
const COMPARED = 16;
const NAMED = 5;

export function nearestRoutes(catalogue: Catalogue, rank: Rank): Router {
  const router = Router();
  router.get('/entries/:key/nearest', async (request: Request<{ key: string }>, response: Response) => {
    const { key } = await findRow(catalogue, request.params.key);
    response.json(await nearestEntries(catalogue, rank, key));
  });
  return router;
}

async function nearestEntries(catalogue: Catalogue, rank: Rank, key: string): Promise<NearestJson> {
  const entry = await catalogue.read(key);
  if (!entry) throw unknownEntry(key);
  const { request } = entry;
  if (!request?.parts) return { key, why: NO_REQUEST, nearest: [] };
  const others = ((await catalogue.newest(request, COMPARED + 1)) ?? []).filter((other) => other.key !== key);
  const candidates = withinBound(others).map((other) => ({ key: other.key, parts: other.request.parts }));
  const ranked = await rank(request.parts, formOf(key), candidates);
  const why = ranked.length === 0 ? 'nothing to compare is kept of this endpoint, model and scope' : null;
  return { key, why, nearest: ranked.slice(0, NAMED) };
}

const NO_REQUEST = 'what was asked is not kept with it: it was too long, shows a credential, or store.prompts is false';
