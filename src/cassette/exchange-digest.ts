/**
 * The digest of an exchange: what was asked, and which of the answers to that it is. It is the same on any machine, and
 * takes no secret and no setting; what the cache calls equal may still have several.
 */
import { createHash } from 'node:crypto';
import type { RecordedExchange } from './recorded-exchange.ts';

const DIGITS = 32;

export function digestOf({ sample, request }: RecordedExchange): string {
  const { upstream, method, path, query, headers, body } = request;
  const fields = Object.entries(headers).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const facts = JSON.stringify([sample, upstream, method, path, query, fields]);
  return createHash('sha256').update(`${facts}\n`).update(body).digest('hex').slice(0, DIGITS);
}
