/**
 * The query of `GET /stats?series=…`, checked member by member: which intervals, and whose requests.
 */
import { z } from 'zod';
import { invalidQuery } from './errors.ts';
import { KEPT } from '../ledger/interval.ts';
import type { SeriesQuery } from '../ledger/time-series.ts';
import { scopeLabel } from '../request/caller.ts';
import { firstIssue, scope, text, whole } from './criteria.ts';

const QUERY = z.strictObject({
  series: z.enum(['minute', 'hour']),
  from: whole.optional(),
  to: whole.optional(),
  model: text.optional(),
  scope: scope.optional(),
});

/** @param now milliseconds since the epoch. @throws RefrainError `invalid_query`, naming the parameter */
export function readSeriesQuery(query: unknown, now: number): SeriesQuery {
  const read = QUERY.safeParse(query);
  if (!read.success) {
    const [name, why] = firstIssue(read.error);
    throw invalidQuery(name, why);
  }
  const { series: resolution, model, scope } = read.data;
  if (model !== undefined && scope !== undefined)
    throw invalidQuery('scope', 'the sums are by model or by scope, not by both');
  const { to = Math.floor(now / 1_000), from = Math.max(0, to - KEPT[resolution]) } = read.data;
  if (from > to) throw invalidQuery('from', 'it must not be after "to"');
  const range = { resolution, from, to };
  if (model !== undefined) return { ...range, by: 'model', name: model };
  return scope === undefined ? { ...range, by: 'all', name: '' } : { ...range, by: 'scope', name: scopeLabel(scope) };
}
