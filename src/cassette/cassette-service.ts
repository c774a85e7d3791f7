/**
 * The file of a cassette, as a service of the thread that reads, keys and writes it. Each lot that is read is small, so
 * that the main thread takes it between two requests.
 */
import type { Entry } from '../response/entry.ts';
import { sampleKey } from '../store/sample-key.ts';
import { CassetteError } from './cassette-error.ts';
import { readCassette, rewriteCassette, splitFile } from './cassette-file.ts';
import type { CassetteHeader } from './cassette-header.ts';
import { type CassetteDocument, readDocument } from './cassette-text.ts';
import { entryOf } from './exchange-entry.ts';
import { ExchangeKeyer, type ExchangeKeyOptions } from './exchange-key.ts';
import { ownBody, unpackExchange } from './handed-over.ts';
import { appendLot, hasPending, type Lot } from './pending-file.ts';
import { withLock } from './cassette-lock.ts';
import type { RecordedRequest } from './recorded-exchange.ts';
import { markUsed } from './use-marks.ts';

export type CassetteService = ReturnType<typeof createService>;

export interface CassetteServiceOptions {
  readonly path: string;
  /** True where nothing is to be written but what was used. */
  readonly isReadOnly: boolean;
  readonly keyOptions: ExchangeKeyOptions;
}

/** An exchange as a store holds it. */
export interface LoadedExchange {
  /** Of its sample. */
  readonly key: string;
  readonly digest: string;
  readonly sample: number;
  readonly request: RecordedRequest;
  readonly entry: Entry;
}

export interface LoadedLot {
  readonly exchanges: readonly LoadedExchange[];
  readonly isLast: boolean;
}

/** How much is handed over in one go. */
const LOT_BYTES = 256 * 1024;
const LOT_EXCHANGES = 100;

export function createService({ path, isReadOnly, keyOptions }: CassetteServiceOptions) {
  const keyer = new ExchangeKeyer(keyOptions);
  let documents: IteratorObject<CassetteDocument> = [].values();
  return {
    /** @throws CassetteError, or what the system throws; so do the others */
    open(): CassetteHeader {
      const opened = openFile(path, isReadOnly);
      documents = opened.documents;
      return opened.header;
    },
    next: (now: number): LoadedLot => takeLot(documents, (document) => loaded(document, keyer, now)),
    append(lot: Lot) {
      const exchanges = lot.exchanges.map(unpackExchange);
      withLock(path, () => appendLot(path, { ...lot, exchanges }));
    },
    merge() {
      if (hasPending(path)) rewriteCassette(path);
    },
    mark: (digests: readonly string[]) => markUsed(path, digests),
  };
}

/** The memory of the bodies in an answer, to be handed over with it. */
export function memoryOf(answer: unknown): ArrayBuffer[] {
  const { exchanges = [] } = (answer ?? {}) as Partial<LoadedLot>;
  return exchanges.flatMap(({ request, entry }) => [request.body.buffer, entry.body.buffer] as ArrayBuffer[]);
}

/** A recording that was killed left something pending: that is merged first. */
function openFile(path: string, isReadOnly: boolean) {
  if (hasPending(path)) {
    const { header, documents } = isReadOnly ? readCassette(path) : mergedOrRead(path);
    return { header, documents: documents.values() };
  }
  const { header, chunks } = splitFile(path);
  return { header, documents: chunks.values().map((chunk) => readDocument(path, chunk, header)) };
}

/** Where it cannot be written, it is read all the same. */
function mergedOrRead(path: string) {
  try {
    return rewriteCassette(path);
  } catch (error) {
    if (error instanceof CassetteError) throw error;
    return readCassette(path);
  }
}

function takeLot(
  documents: IteratorObject<CassetteDocument>,
  load: (document: CassetteDocument) => LoadedExchange,
): LoadedLot {
  const exchanges: LoadedExchange[] = [];
  let bytes = 0;
  while (exchanges.length < LOT_EXCHANGES && bytes < LOT_BYTES) {
    const { value, done } = documents.next();
    if (done) return { exchanges, isLast: true };
    exchanges.push(load(value));
    bytes += value.text.length;
  }
  return { exchanges, isLast: false };
}

function loaded({ exchange, digest }: CassetteDocument, keyer: ExchangeKeyer, now: number): LoadedExchange {
  const { key, request } = keyer.key(exchange.request);
  const { sample } = exchange;
  const entry = entryOf(exchange, request, now);
  return {
    key: sampleKey(key, sample),
    digest,
    sample,
    request: { ...exchange.request, body: ownBody(exchange.request.body) },
    entry: { ...entry, body: ownBody(entry.body) },
  };
}
