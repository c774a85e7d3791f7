/**
 * The step that sends an answer, the same for hit, follow, miss and bypass. One
 * that was complete before is sent in one write, any other is played.
 */
import { responseHeaders } from '../headers/response-headers.ts';
import type { Head } from '../response/entry.ts';
import { Playback, type Sending } from './playback.ts';

/**
 * Resolves when the response is over: after the last byte, or when the client has left.
 * @throws RefrainError where the answer failed before anything was sent
 */
export function send(sending: Sending): Promise<void> {
  const { reader, outcome, marks, response } = sending;
  return new Promise((resolve, reject) => {
    const whole = response.destroyed ? null : reader.readWhole();
    if (whole === null) return new Playback(sending).start(resolve, reject);
    const head = reader.head as Head;
    response.on('close', resolve);
    response.writeHead(head.status, head.statusText, responseHeaders(head, whole.length, outcome, marks));
    response.end(whole);
  });
}
