/**
 * The step that sends an answer, the same for hit, follow, miss and bypass. One
 * that was complete before is sent in one write, any other is played.
 */
import type { ServerResponse } from 'node:http';
import type { CacheResult } from '../cache/outcome.ts';
import { type HeaderContext, responseHeaders } from '../headers/response-headers.ts';
import type { Head } from '../response/entry.ts';
import { type Heartbeat, Playback } from './playback.ts';

/**
 * Resolves when the response is over: after the last byte, or when the client has left.
 * @param heartbeat null where silent streams stay silent
 * @throws RefrainError where the answer failed before anything was sent
 */
export function send(
  result: CacheResult,
  response: ServerResponse,
  context: HeaderContext,
  heartbeat: Heartbeat | null,
): Promise<void> {
  const { reader, outcome } = result;
  return new Promise((resolve, reject) => {
    const whole = response.destroyed ? null : reader.readWhole();
    if (whole === null) return new Playback(result, response, context, heartbeat).start(resolve, reject);
    const head = reader.head as Head;
    response.on('close', resolve);
    response.writeHead(head.status, head.statusText, responseHeaders(head, reader.length, outcome, context));
    response.end(whole);
  });
}
