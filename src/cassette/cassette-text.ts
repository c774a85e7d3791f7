/**
 * The text of a whole cassette: its header, and a document for each exchange, in the order of what was asked. The same
 * exchanges give the same text in whatever order they came, and a document that did not change keeps its very text,
 * with what people wrote into it.
 */
import { CassetteError } from './cassette-error.ts';
import { type CassetteHeader, EMPTY_HEADER, isSameHeader } from './cassette-header.ts';
import { END, exchangeText, headerText } from './document.ts';
import { digestOf } from './exchange-digest.ts';
import { type Chunk, DocumentError, parseExchange, parseHeader } from './parsed-document.ts';
import type { RecordedExchange } from './recorded-exchange.ts';

/** A file that is split, and not yet read but for its header. */
export interface CassetteParts {
  readonly header: CassetteHeader;
  /** As it stands; comments at most where there is no document. */
  readonly headerText: string;
  readonly chunks: readonly Chunk[];
  /** True where lines end in CRLF, and are to. */
  readonly hasCrLf: boolean;
}

export interface CassetteDocument extends Chunk {
  readonly exchange: RecordedExchange;
  /** Names the exchange by what was asked and by its sample; see `digestOf`. */
  readonly digest: string;
}

const BOUNDARY = /^---(?=[ \t\n]|$)/gm;

/** As Git leaves it between two sides; lines of a body are indented. */
const CONFLICT = /^(?:<{7}|={7}|>{7})(?:[ \t\n]|$)/m;

/**
 * @param file its path, for people
 * @throws CassetteError
 */
export function splitCassette(file: string, source: string): CassetteParts {
  const hasCrLf = source.includes('\r\n');
  const text = hasCrLf ? source.replaceAll('\r\n', '\n') : source;
  refuseConflict(file, text);
  const [first, ...chunks] = chunksOf(text);
  if (first === undefined) return { header: EMPTY_HEADER, headerText: text, chunks, hasCrLf };
  return { header: placed(file, () => parseHeader(first)), headerText: first.text, chunks, hasCrLf };
}

/** @throws CassetteError where a merge was left half done */
function refuseConflict(file: string, text: string): void {
  const conflict = CONFLICT.exec(text);
  if (conflict === null) return;
  const line = linesIn(text.slice(0, conflict.index)) + 1;
  throw new CassetteError(file, line, 'no conflict of a merge; keep the documents of both sides, and drop its marks');
}

/** @throws CassetteError */
export function readDocument(file: string, chunk: Chunk, header: CassetteHeader): CassetteDocument {
  const exchange = placed(file, () => parseExchange(chunk, header));
  return { ...chunk, exchange, digest: digestOf(exchange) };
}

/** Each document once, the first of a digest, in the order in which a cassette has them. */
export function inOrder(documents: Iterable<CassetteDocument>): readonly CassetteDocument[] {
  const all = new Map<string, CassetteDocument>();
  for (const document of documents) if (!all.has(document.digest)) all.set(document.digest, document);
  return [...all.values()].sort(compare);
}

/** @param known what the file had, whose header and documents stay as they stand where they say the same */
export function cassetteText(
  { header: before, headerText: beforeText, hasCrLf }: Omit<CassetteParts, 'chunks'>,
  header: CassetteHeader,
  documents: readonly CassetteDocument[],
): string {
  const isSame = !isBlank(beforeText) && isSameHeader(header, before);
  const first = isSame ? ended(beforeText) : commentsOf(beforeText) + headerText(header);
  const text = first + documents.map((document) => ended(document.text)).join('');
  return hasCrLf ? text.replaceAll('\n', '\r\n') : text;
}

/** A document of an exchange that is in no file yet. @param header of the file that it will be in */
export function documentOf(exchange: RecordedExchange, header: CassetteHeader): CassetteDocument {
  return { exchange, digest: digestOf(exchange), text: exchangeText(exchange, header), line: 0 };
}

export function chunksOf(source: string): readonly Chunk[] {
  const chunks: Chunk[] = [];
  const starts = Array.from(source.matchAll(BOUNDARY), ({ index }) => index);
  // Lines before the first document are of it, unless they are one themselves.
  if (starts.length === 0 || !isBlank(source.slice(0, starts[0]))) starts.unshift(0);
  else starts[0] = 0;
  let line = 1;
  for (const [index, start] of starts.entries()) {
    const text = source.slice(start, starts[index + 1]);
    if (!isBlank(text)) chunks.push({ text, line });
    line += linesIn(text);
  }
  return chunks;
}

/** Nothing but comments. */
function isBlank(text: string): boolean {
  return /^(?:[ \t]*(?:#[^\n]*)?(?:\n|$))*$/.test(text);
}

function linesIn(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

/** Before the document itself. */
function commentsOf(text: string): string {
  return /^(?:[ \t]*(?:#[^\n]*)?\n)*/.exec(text)?.[0] ?? '';
}

/** A document that people ended otherwise. */
function ended(text: string): string {
  return /^\.\.\.\s*$/m.test(text) ? text : `${text.endsWith('\n') ? text : `${text}\n`}${END}`;
}

/** By path, then by the question's text, then by sample: total, so that no order in which they came shows. */
function compare({ exchange: a }: CassetteDocument, { exchange: b }: CassetteDocument): number {
  const [one, other] = [a.request, b.request];
  return (
    order(one.path, other.path) ||
    order(one.method, other.method) ||
    order(one.query, other.query) ||
    one.body.compare(other.body) ||
    order(one.upstream ?? '', other.upstream ?? '') ||
    order(JSON.stringify(one.headers), JSON.stringify(other.headers)) ||
    a.sample - b.sample
  );
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function placed<T>(file: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof DocumentError) throw new CassetteError(file, error.line, error.message);
    throw error;
  }
}
