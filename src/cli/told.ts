/**
 * Entries of a file in the words of the operator's API.
 */
import type { Entry } from '../response/entry.ts';
import { scopeLabel } from '../ledger/row.ts';
import type { Row as StoredRow } from '../store/listing.ts';
import { formOf } from '../request/fingerprint.ts';
import type { Detail, Row } from './books.ts';

/** @param now in milliseconds since the epoch */
export function toldRow({ key, label, bytes, storedAt, expiresAt, hits, tier, call }: StoredRow, now: number): Row {
  return {
    key, form: formOf(key), bytes, hits, tier, tags: label?.tags ?? [],
    model: label?.model ?? null, endpoint: label?.endpoint ?? null, scope: label ? scopeLabel(label.scope) : null,
    storedAt: new Date(storedAt).toISOString(), expiresAt: expiresAt === Infinity ? null : new Date(expiresAt).toISOString(),
    age: Math.max(0, Math.floor((now - storedAt) / 1_000)), call: call ?? null,
  };
}

export function toldEntry(row: StoredRow, entry: Entry, now: number): Detail {
  const { status, headers } = entry.head;
  const text = entry.body.toString();
  const isText = Buffer.from(text).equals(entry.body);
  return {
    ...toldRow(row, now),
    request: requestOf(entry),
    answer: {
      status, headers: Array.from({ length: headers.length / 2 }, (_, at) => [headers[2 * at] ?? '', headers[2 * at + 1] ?? ''] as const),
      body: isText ? text : entry.body.toString('base64'), encoding: isText ? 'utf8' : 'base64',
    },
  };
}

function requestOf({ asked }: Entry): Detail['request'] {
  if (!asked?.parts) return null;
  const { method = '', path = '', query = '', body = '', ...others } = asked.parts;
  const headers = Object.entries(others).flatMap(([name, value]) => (name.startsWith('header:') ? [[name.slice('header:'.length), value]] : []));
  return { method, path, query, headers: Object.fromEntries(headers), body: bodyText(body) };
}

/** `json:` and canonical text, or `raw:` and bytes as Latin-1. */
function bodyText(body: string): string {
  const text = body.slice(body.indexOf(':') + 1);
  return body.startsWith('raw:') ? Buffer.from(text, 'latin1').toString() : text;
}
