/**
 * The file beside a cassette in which a recording gathers, until it is merged: lots of documents, each behind a header
 * of its own, appended as they come. A lot that a process had no time to finish is read as far as it goes.
 */
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { type CassetteHeader, EMPTY_HEADER, joinHeaders } from './cassette-header.ts';
import { pendingPath } from './cassette-paths.ts';
import { type CassetteDocument, chunksOf, placed, readDocument } from './cassette-text.ts';
import { END, exchangeText, headerText } from './document.ts';
import { parsePendingHeader } from './parsed-document.ts';
import type { RecordedExchange } from './recorded-exchange.ts';

/** Changes to a cassette, in the order in which they are made. */
export interface Lot {
  readonly header: CassetteHeader;
  /** The digests of documents that go, before the others come. */
  readonly removes: readonly string[];
  readonly exchanges: readonly RecordedExchange[];
}

export interface Pending {
  readonly header: CassetteHeader;
  readonly lots: readonly { readonly removes: readonly string[]; readonly documents: CassetteDocument[] }[];
}

const isWhole = (text: string) => text.trimEnd().endsWith(`\n${END.trimEnd()}`);
const isHeader = (text: string) => /^\s*---\nformat:/.test(text);

export function hasPending(path: string): boolean {
  return existsSync(pendingPath(path));
}

/** Under the lock. */
export function appendLot(path: string, { header, removes, exchanges }: Lot): void {
  // Its dialects are in the documents: the file's own header may come to say something else.
  const documents = exchanges.map((exchange) => exchangeText(exchange, EMPTY_HEADER));
  // On a line of its own, even behind one that was not finished.
  appendFileSync(pendingPath(path), `\n${headerText(header, removes)}${documents.join('')}`);
}

/**
 * @returns null where there is nothing
 * @throws CassetteError
 */
export function readPending(path: string): Pending | null {
  const source = textOf(pendingPath(path));
  if (source === null) return null;
  let header = EMPTY_HEADER;
  const lots: { removes: readonly string[]; documents: CassetteDocument[] }[] = [];
  for (const chunk of chunksOf(source)) {
    if (!isWhole(chunk.text)) continue;
    if (isHeader(chunk.text)) {
      const { header: own, removes } = placed(pendingPath(path), () => parsePendingHeader(chunk));
      header = joinHeaders(header, own);
      lots.push({ removes, documents: [] });
    } else lots.at(-1)?.documents.push(readDocument(pendingPath(path), chunk, EMPTY_HEADER));
  }
  return { header, lots };
}

/** Under the lock, once it is merged. */
export function removePending(path: string): void {
  rmSync(pendingPath(path), { force: true });
}

/** The documents after the changes; of two of one digest, the one that was there first stays. */
export function* applied(documents: readonly CassetteDocument[], { lots }: Pending): Generator<CassetteDocument> {
  const gone = (from: number) => new Set(lots.slice(from).flatMap(({ removes }) => removes));
  const everGone = gone(0);
  yield* documents.filter(({ digest }) => !everGone.has(digest));
  for (const [index, lot] of lots.entries()) {
    const later = gone(index + 1);
    yield* lot.documents.filter(({ digest }) => !later.has(digest));
  }
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
