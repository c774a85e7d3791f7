/**
 * The raw bytes of a request, bounded.
 */
import type { IncomingMessage } from 'node:http';
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
