/**
 * The answers of a store of ours, as exchanges: each with the request that its key was made from. They are keyed
 * afresh; one whose request would then get another key is left out.
 */
import {
  type ForeignExchange,
  type ForeignFile,
  FormatError,
  type SkippedPart,
  type PlacedExchange,
} from '../cassette/formats/foreign-exchange.ts';
import { scopeLabel } from '../request/caller.ts';
import { formOf, type Parts } from '../request/fingerprint.ts';
import { askedRequest } from '../request/stored-request.ts';
import type { Entry } from '../response/entry.ts';
import type { EntryRow } from '../store/listing.ts';
import { SqliteReader } from '../store/sqlite-reader.ts';
import { recordedOf, type Importing } from './imported-exchange.ts';

const PAGE = 100;

/**
 * @param scope the label of those that are read; null where all are of one scope
 * @param secret opens what is sealed; null where none is given
 * @throws FormatError where the file is no store, or has answers of several scopes and none is chosen
 */
export async function readStoreExchanges(
  path: string,
  scope: string | null,
  secret: Uint8Array | null,
  importing: Importing,
): Promise<ForeignFile> {
  const store = openStore(path, secret);
  try {
    const rows = await listOldestFirst(store);
    const chosen = ofScope(rows, scope);
    const exchanges: PlacedExchange[] = [];
    const leftOut: SkippedPart[] = [];
    for (const row of chosen) {
      const place = `answer ${row.key.slice(0, 16)}.${formOf(row.key)}`;
      const entry = await store.read(row.key);
      const exchange =
        entry === undefined ? 'it cannot be read, or is encrypted' : exchangeOf(row.key, entry, importing);
      if (typeof exchange === 'string') leftOut.push({ place, why: exchange });
      else exchanges.push({ place, exchange });
    }
    return { exchanges, leftOut };
  } finally {
    store.close();
  }
}

function openStore(path: string, secret: Uint8Array | null): SqliteReader {
  try {
    return new SqliteReader(path, secret);
  } catch (error) {
    throw new FormatError(`it is no store that this Refrain reads: ${(error as Error).message}`);
  }
}

/** In the order in which they came, so that answers to equal requests are in theirs. */
async function listOldestFirst(store: SqliteReader): Promise<EntryRow[]> {
  const all: EntryRow[] = [];
  let after: Parameters<SqliteReader['list']>[0]['after'] = null;
  do {
    const { rows, next } = await store.list({ filter: {}, sort: 'newest', limit: PAGE, after });
    all.push(...rows);
    after = next;
  } while (after !== null);
  return all.reverse();
}

function ofScope(rows: readonly EntryRow[], scope: string | null): readonly EntryRow[] {
  const labelOf = ({ label }: EntryRow) => (label === null ? null : scopeLabel(label.scope));
  const labels = [...new Set(rows.map(labelOf))];
  if (scope !== null) return rows.filter((row) => labelOf(row) === scope || labelOf(row) === `shared:${scope}`);
  if (labels.length <= 1) return rows;
  const known = labels.map((label) => label ?? 'unknown').toSorted();
  throw new FormatError(`it has answers of several scopes; choose one by --scope: ${known.join(', ')}`);
}

/** @returns why it is left out, in the place of an exchange */
function exchangeOf(key: string, { head, body, call, arrivals, request }: Entry, importing: Importing) {
  const parts = request?.parts;
  if (!parts) return 'what was asked is not kept with it';
  const exchange: ForeignExchange = {
    ...askedOf(parts, formOf(key)),
    status: head.status,
    statusText: head.statusText,
    headers: head.headers,
    body,
    ...(call && { timing: { firstByteMs: call.firstByteMs, ms: call.ms, ...(arrivals && { arrivals }) } }),
  };
  const again = importing.keyer.key(recordedOf(exchange, importing).request);
  const isSame = again.request?.parts?.['body'] === parts['body'] && formOf(again.key) === formOf(key);
  return isSame ? exchange : 'its request cannot be written again as it was';
}

function askedOf(parts: Parts, form: string) {
  const { method, path, query, headers, body } = askedRequest(parts);
  const { variant = '', upstream = '' } = parts;
  return {
    method,
    url: `${upstream}${path}${query === '' ? '' : `?${query}`}`,
    requestHeaders: [
      ...Object.entries(headers).flatMap(([name, lines]) => lines.split('\n').flatMap((line) => [name, line])),
      ...(variant === '' ? [] : ['x-refrain-variant', variant]),
    ],
    requestBody: Buffer.from(inForm(body, form)),
  };
}

/** The canonical text has not what its form says: whether it is streamed, and how. */
function inForm(body: string, form: string): string {
  const [kind, ...options] = form.split('+');
  if (kind !== 'sse') return body;
  const named = {
    ...(options.includes('usage') && { include_usage: true }),
    ...(options.includes('plain') && { include_obfuscation: false }),
  };
  const members = { stream: true, ...(options.length > 0 && { stream_options: named }) };
  const rest = body.replace(/^\{/, '');
  return `${JSON.stringify(members).slice(0, -1)}${rest === '}' ? '' : ','}${rest}`;
}
