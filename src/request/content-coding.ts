/**
 * Bodies that are compressed (RFC 9110, 8.4): read for their key, never sent on
 * in another form.
 */
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, type ZlibOptions, zstdDecompress } from 'node:zlib';
import { bodyTooLarge } from '../errors.ts';

type Decode = (body: Buffer, options: ZlibOptions) => Promise<Buffer>;

const DECODERS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress) as Decode],
  ['zstd', promisify(zstdDecompress) as Decode],
]);

/** How a body with this `Content-Encoding` is compressed; null where it is not. */
export function codingOf(value: string | undefined): string | null {
  const coding = (value ?? '').trim().toLowerCase();
  return coding === '' || coding === 'identity' ? null : coding;
}

/**
 * @param limit the most that it may decode to, in bytes
 * @returns null where the coding is not known or the body is not in it
 * @throws RefrainError `body_too_large`
 */
export async function decodeBody(body: Buffer, coding: string, limit: number): Promise<Buffer | null> {
  const decode = DECODERS.get(coding);
  if (!decode) return null;
  try {
    return await decode(body, { maxOutputLength: limit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw bodyTooLarge(limit);
    return null;
  }
}
