/**
 * The query of `GET /stats?series=…`, checked member by member: which intervals, and whose requests.
 */
import { z } from 'zod';
import { invalidQuery } from './errors.ts';
import { KEPT } from '../ledger/interval.ts';
import type { SeriesQuery } from '../ledger/time-series.ts';
import { readNamed } from './bill-query.ts';
import { firstIssue, scope, tag, text, whole } from './criteria.ts';

const QUERY = z.strictObject({
  series: z.enum(['minute', 'hour']),
  from: whole.optional(),
  to: whole.optional(),
  model: text.optional(),
  scope: scope.optional(),
  tag: tag.optional(),
});

/** @param now milliseconds since the epoch. @throws RefrainError `invalid_query`, naming the parameter */
export function readSeriesQuery(query: unknown, now: number): SeriesQuery {
  const read = QUERY.safeParse(query);
  if (!read.success) {
    const [name, why] = firstIssue(read.error);
    throw invalidQuery(name, why);
  }
  const { series: resolution } = read.data;
  const named = readNamed(read.data);
  if (named.by === 'tag' && resolution === 'minute') throw invalidQuery('series', 'tags are summed by the hour');
  const { to = Math.floor(now / 1_000), from = Math.max(0, to - KEPT[resolution]) } = read.data;
  if (from > to) throw invalidQuery('from', 'it must not be after "to"');
  return { resolution, from, to, ...named };
}
