/**
 * A recorded exchange as the entry that a store holds: it never expires, and counts the tokens that its answer reports.
 */
import type { Endpoint } from '../endpoint.ts';
import type { Entry, StoredRequest } from '../response/entry.ts';
import { tailUsageOf } from '../response/encoded-tail-usage.ts';
import type { Usage } from '../response/usage.ts';
import { recordedEndpoint } from './exchange-key.ts';
import type { RecordedAnswer, RecordedExchange } from './recorded-exchange.ts';

/**
 * @param request what it is listed and found by; null where it is named exactly
 * @param storedAt when it was read or recorded, in milliseconds since the epoch
 */
export function entryOf(exchange: RecordedExchange, request: StoredRequest | null, storedAt: number): Entry {
  const { answer } = exchange;
  const { head, body, timing } = answer;
  const endpoint = request?.endpoint ?? recordedEndpoint(exchange.request);
  const usage = endpoint && usageOf(endpoint, answer);
  const call = { usage, firstByteMs: timing?.firstByteMs ?? 0, ms: timing?.ms ?? 0 };
  return {
    head,
    body,
    storedAt,
    expiresAt: Infinity,
    answerId: null,
    ...((usage || timing) && { call }),
    ...(timing?.arrivals !== undefined && { arrivals: timing.arrivals }),
    ...(request && { request }),
  };
}

function usageOf(endpoint: Endpoint, { head, body }: RecordedAnswer): Usage | null {
  const tail = tailUsageOf(endpoint, head);
  tail?.push(body);
  return tail?.usage() ?? null;
}
