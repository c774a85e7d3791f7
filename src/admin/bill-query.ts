/**
 * The query of `GET /stats?since=…`, checked member by member: since when, and whose requests.
 */
import { z } from 'zod';
import type { BillQuery } from '../ledger/bill.ts';
import { scopeLabel } from '../request/caller.ts';
import { firstIssue, scope, tag, text, whole } from './criteria.ts';
import { invalidQuery } from './errors.ts';

const QUERY = z.strictObject({
  /** Seconds before now. */
  since: whole.optional(),
  model: text.optional(),
  scope: scope.optional(),
  tag: tag.optional(),
});

/** Tests whether a query asks for a bill, and not for all that there is: one that was overlooked would mean more. */
export function asksForBill(query: object): boolean {
  return Object.keys(query).length > 0;
}

/** @param now milliseconds since the epoch. @throws RefrainError `invalid_query`, naming the parameter */
export function readBillQuery(query: unknown, now: number): BillQuery {
  const read = QUERY.safeParse(query);
  if (!read.success) {
    const [name, why] = firstIssue(read.error);
    throw invalidQuery(name, why);
  }
  const { since, ...criteria } = read.data;
  const from = since === undefined ? null : Math.max(0, Math.floor(now / 1_000) - since);
  return { from, ...readNamed(criteria) };
}

interface NamedBy {
  readonly model?: string | undefined;
  readonly scope?: string | undefined;
  readonly tag?: string | undefined;
}

/** The one name that sums are asked for by. @throws RefrainError `invalid_query` for a second */
export function readNamed({ model, scope, tag }: NamedBy): Pick<BillQuery, 'by' | 'name'> {
  const named = [
    ['model', model],
    ['scope', scope && scopeLabel(scope)],
    ['tag', tag],
  ] as const;
  const [one, other] = named.filter(([, name]) => name !== undefined);
  if (other) throw invalidQuery(other[0], `the sums are by ${one?.[0]} or by ${other[0]}, not by both`);
  return one ? { by: one[0], name: one[1] as string } : { by: 'all', name: '' };
}
