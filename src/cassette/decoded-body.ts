/**
 * The body of an answer without its content coding, to be read or redacted.
 */
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { codingOf } from '../coding.ts';

const BOUND = { maxOutputLength: 64 * 1024 * 1024 };

const DECODERS: ReadonlyMap<string, (body: Buffer) => Buffer> = new Map([
  ['gzip', (body: Buffer) => gunzipSync(body, BOUND)],
  ['x-gzip', (body: Buffer) => gunzipSync(body, BOUND)],
  ['deflate', (body: Buffer) => inflateSync(body, BOUND)],
  ['br', (body: Buffer) => brotliDecompressSync(body, BOUND)],
  ['zstd', (body: Buffer) => zstdDecompressSync(body, BOUND)],
]);

/**
 * @param encoding the value of Content-Encoding
 * @returns null where the coding is not known, or the body is not in it, or is too large
 */
export function decodedBody(body: Buffer, encoding: string | undefined): Buffer | null {
  const coding = codingOf(encoding);
  if (coding === null || body.length === 0) return body;
  try {
    return DECODERS.get(coding)?.(body) ?? null;
  } catch {
    return null;
  }
}
