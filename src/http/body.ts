/**
 * The raw bytes of a request: whole and bounded, or as a stream.
 */
import type { IncomingMessage } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import { bodyIncomplete, bodyTooLarge } from '../errors.ts';

/**
 * @param limit in bytes
 * @throws RefrainError `body_too_large`, `body_incomplete`
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > limit) return reject(bodyTooLarge(limit));
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= limit) chunks.push(chunk);
      else {
        chunks.length = 0;
        reject(bodyTooLarge(limit));
      }
    });
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    request.on('error', () => reject(bodyIncomplete()));
    request.on('close', () => request.complete || reject(bodyIncomplete()));
  });
}

/**
 * The body as a stream of its own. Whoever reads it may stop half-way, as an
 * upstream does that answers early: what the client still sends is then read
 * and dropped, for it may not read its answer before it has sent all of it.
 */
export function streamBody(request: IncomingMessage): Readable {
  const body = request.pipe(new PassThrough());
  body.once('close', () => drain(request));
  request.once('close', () => request.complete || body.destroy(bodyIncomplete()));
  return body;
}

/** Reads what is left of a body, to nobody. */
export function drain(request: IncomingMessage): void {
  request.unpipe();
  request.resume();
}
