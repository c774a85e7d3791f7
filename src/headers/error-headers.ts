/**
 * The headers by which an error of ours says what its client should do,
 * whichever listener sends it.
 */
import { closesConnection, type RefrainError } from '../errors.ts';

export function errorHeaders(error: RefrainError): Record<string, string> {
  const headers: Record<string, string> = {};
  if (error.status === 503) headers['retry-after'] = '1';
  // Asked again it would say the same, and SDKs ask three times.
  if (error.code === 'not_cached' || error.code === 'loop_detected') headers['x-should-retry'] = 'false';
  if (closesConnection(error)) headers['connection'] = 'close';
  return headers;
}
