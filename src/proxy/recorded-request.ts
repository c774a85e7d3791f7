/**
 * A request as a cassette has it: what names an exchange, and nothing of who asks.
 */
import type { ExchangeKeyer } from '../cassette/exchange-key.ts';
import { recordedQuery } from '../cassette/exchange-key.ts';
import { withFixedBoundary } from '../cassette/multipart.ts';
import type { RecordedRequest } from '../cassette/recorded-exchange.ts';
import { meantHeaders } from '../headers/forwarded-headers.ts';
import { readHeaderFields, valueOf } from '../request/header-fields.ts';
import { relativePath } from '../request/route.ts';
import { WholeBody } from '../request/whole-body.ts';
import type { ReceivedHead } from './head-memo.ts';

const EMPTY = Buffer.alloc(0);

/** @param body as its key is made from it, decoded and redacted; what it lies in is copied */
export function recordedRequest(keyer: ExchangeKeyer, head: ReceivedHead, body: WholeBody | null): RecordedRequest {
  const { method, route, raw } = head;
  const { name, dialect } = route.target;
  const fields = readHeaderFields(meantHeaders(raw.rawHeaders));
  const bytes = body === null ? EMPTY : Buffer.from(body.plain.bytes);
  return {
    upstream: name,
    dialect,
    method,
    path: relativePath(route),
    query: recordedQuery(route.query),
    headers: keyer.headers(fields, dialect),
    body: withFixedBoundary(valueOf(fields, 'content-type') ?? '', bytes),
  };
}
