/**
 * The content coding of a message (RFC 9110, 8.4), by its `Content-Encoding`; null where there is none. What passes in
 * one is looked into for the usage ledger alone, as far as it has come.
 */
import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from 'node:zlib';

/** Words for no coding at all: servers send them to keep middleware from compressing a stream, or mean a charset. */
const NO_CODING: ReadonlySet<string> = new Set(['', 'identity', 'none', 'utf-8', 'utf8']);

/** The most that is decoded, and that it may decode to, in bytes: what takes the event loop a few milliseconds. */
export const MOST_ENCODED = 64 * 1024;
const MOST_DECODED = 1024 * 1024;

type Decode = (bytes: Buffer) => Buffer;

const bound = { maxOutputLength: MOST_DECODED };
const zlib = { ...bound, finishFlush: constants.Z_SYNC_FLUSH };
const gunzip: Decode = (bytes) => gunzipSync(bytes, zlib);
const inflate: Decode = (bytes) => inflateSync(bytes, zlib);
const inflateRaw: Decode = (bytes) => inflateRawSync(bytes, zlib);
const brotli: Decode = (bytes) =>
  brotliDecompressSync(bytes, { ...bound, finishFlush: constants.BROTLI_OPERATION_FLUSH });
const zstd: Decode = (bytes) => zstdDecompressSync(bytes, { ...bound, finishFlush: constants.ZSTD_e_flush });

const DECODERS: ReadonlyMap<string, readonly Decode[]> = new Map([
  ['gzip', [gunzip]],
  ['x-gzip', [gunzip]],
  ['deflate', [inflate, inflateRaw]],
  ['br', [brotli]],
  ['zstd', [zstd]],
]);

/** @returns one name in lower case, or several with commas between them */
export function codingOf(value: string | undefined): string | null {
  if (value === undefined) return null;
  const codings = value.split(',').map((name) => name.trim().toLowerCase());
  return codings.filter((name) => !NO_CODING.has(name)).join(', ') || null;
}

/** Tests whether the beginning of what comes in a coding can be read. */
export function isReadable(coding: string): boolean {
  return DECODERS.has(coding);
}

/** The text of a short message, or of its beginning; empty where it is not in its coding, or decodes to too much. */
export function decodeShort(bytes: Buffer, coding: string): Buffer {
  for (const decode of DECODERS.get(coding) ?? []) {
    try {
      return decode(bytes);
    } catch {
      continue;
    }
  }
  return Buffer.alloc(0);
}
