/**
 * An exchange as another tool has recorded it: with its URL, and with whatever headers it keeps.
 */
import type { RawHeaders } from '../../response/entry.ts';
import type { Timing } from '../recorded-exchange.ts';

export interface ForeignExchange {
  readonly method: string;
  readonly url: string;
  readonly requestHeaders: RawHeaders;
  readonly requestBody: Buffer;
  readonly status: number;
  readonly statusText: string;
  readonly headers: RawHeaders;
  readonly body: Buffer;
  readonly timing?: Timing;
  /** Its place among answers to equal requests, where the file says it; else the order in which they come. */
  readonly sample?: number;
}

/** Something of a file that cannot be carried over. */
export interface SkippedPart {
  /** Its place in the file: `interaction 3`, `fixture 2`, `line 7`. */
  readonly place: string;
  readonly why: string;
}

/** All that a file has in it. */
export interface ForeignFile {
  readonly exchanges: readonly PlacedExchange[];
  readonly leftOut: readonly SkippedPart[];
}

export interface PlacedExchange {
  readonly place: string;
  readonly exchange: ForeignExchange;
}

/** The file is not what it is taken for. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
}

/** Reads all parts of a file, each for itself. @param read throws a FormatError that says why a part is left out */
export function readParts<Part>(
  parts: readonly Part[],
  word: string,
  read: (part: Part) => ForeignExchange | null,
): ForeignFile {
  const exchanges: PlacedExchange[] = [];
  const leftOut: SkippedPart[] = [];
  parts.forEach((part, at) => {
    const place = `${word} ${at + 1}`;
    try {
      const exchange = read(part);
      if (exchange === null) return;
      if (!isOfHttp(exchange.url)) throw new FormatError('its URL is none of HTTP');
      exchanges.push({ place, exchange });
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      leftOut.push({ place, why: error.message });
    }
  });
  return { exchanges, leftOut };
}

function isOfHttp(url: string): boolean {
  return /^https?:$/.test(URL.parse(url)?.protocol ?? '');
}
