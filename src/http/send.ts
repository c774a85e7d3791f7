/**
 * The step that sends an answer, the same for hit, follow, miss and bypass. One
 * that was complete before is sent in one write, any other is played; so is a long one
 * on an encrypted connection, which copies all that it is given to write.
 */
import type { ServerResponse } from 'node:http';
import { type AdmissionControl, SHORT_ANSWER } from '../cache/admission-control.ts';
import type { CacheResult } from '../cache/outcome.ts';
import { type HeaderContext, responseHeaders } from '../headers/response-headers.ts';
import type { Head } from '../response/entry.ts';
import { type Heartbeat, Playback } from './playback.ts';

/**
 * Resolves when the response is over: after the last byte, or when the client has left.
 * @param heartbeat null where silent streams stay silent
 * @throws RefrainError where the answer failed before anything was sent, or is stored and there is no room to send it
 */
export function send(
  result: CacheResult,
  response: ServerResponse,
  context: HeaderContext,
  heartbeat: Heartbeat | null,
  admission: AdmissionControl,
): Promise<void> {
  const { reader, outcome, entry } = result;
  return new Promise((resolve, reject) => {
    const body = entry?.body ?? reader.whole;
    const isLong = body !== null && body.length > SHORT_ANSWER;
    if (isLong && !response.destroyed) response.on('close', admission.admitBody(body));
    const isPlayed = response.destroyed || (isLong && isEncrypted(response));
    const whole = isPlayed ? null : reader.readWhole();
    if (whole === null) return new Playback(result, response, context, heartbeat).start(resolve, reject);
    const head = reader.head as Head;
    response.on('close', resolve);
    response.writeHead(head.status, head.statusText, responseHeaders(head, reader.length, outcome, context));
    response.end(whole);
  });
}

function isEncrypted({ socket }: ServerResponse): boolean {
  return socket !== null && 'encrypted' in socket;
}
