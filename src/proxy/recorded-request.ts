/**
 * A request as a cassette has it: what names an exchange, and nothing of who asks.
 */
import { exchangeHead, type ExchangeKeyer } from '../cassette/exchange-key.ts';
import { withFixedBoundary } from '../cassette/multipart.ts';
import type { RecordedRequest } from '../cassette/recorded-exchange.ts';
import { meantHeaders } from '../headers/forwarded-headers.ts';
import { readHeaderFields, valueOf } from '../request/header-fields.ts';
import type { WholeBody } from '../request/whole-body.ts';
import type { ReceivedHead } from './head-memo.ts';

const EMPTY = Buffer.alloc(0);

/** @param body is copied, as its key is made from it: decoded and redacted */
export function recordedRequest(keyer: ExchangeKeyer, head: ReceivedHead, body: WholeBody | null): RecordedRequest {
  const fields = readHeaderFields(meantHeaders(head.raw.rawHeaders));
  const bytes = body === null ? EMPTY : Buffer.from(body.plain.bytes);
  return {
    ...exchangeHead(keyer, head.method, fields, head.route),
    body: withFixedBoundary(valueOf(fields, 'content-type') ?? '', bytes),
  };
}
