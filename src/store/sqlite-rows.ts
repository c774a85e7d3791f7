/**
 * Rows of `entries` as everybody else knows them. What is damaged in a column
 * that only people see is shown as not known.
 */
import type { Endpoint } from '../endpoint.ts';
import { decode } from '../response/codec.ts';
import type { StoredRequest, Call, Entry, Label } from '../response/entry.ts';
import type { EntryRow } from './listing.ts';

/** A row as SQLite gives it. In a damaged page a column may be of any type. */
export type RawRow = Record<string, unknown>;

/** Of the disk tier. */
export const NAME = 'sqlite';

export const LABEL_COLUMNS = 'endpoint, model, scope, tags, stored_at';
export const ROW_COLUMNS = `id, key, bytes, hits, expires_at, call, ${LABEL_COLUMNS}`;

export function rowOf(raw: RawRow): EntryRow {
  const { key, bytes, hits, stored_at: storedAt, expires_at: expiresAt } = raw;
  const call = parse<Call>(raw.call);
  return {
    key,
    bytes,
    hits,
    storedAt,
    expiresAt: expiresAt ?? Infinity,
    label: labelOf(raw),
    tier: NAME,
    ...(call && { call }),
  } as EntryRow;
}

/** The properties by which a purge knows an entry. */
export function labelledOf(raw: RawRow): Pick<Entry, 'storedAt' | 'request'> {
  const label = labelOf(raw);
  return { storedAt: raw.stored_at as number, ...(label && { request: { ...label, parts: null } }) };
}

/** The entry of a row with its frame, and its request as far as the row has it; nothing where the frame is damaged. */
export function entryOf(key: string, raw: RawRow): Entry | undefined {
  const entry = raw.frame instanceof Uint8Array ? decode(key, raw.frame) : undefined;
  const request = askedOf(raw);
  return entry && request ? { ...entry, request } : entry;
}

export function askedOf(raw: RawRow): StoredRequest | undefined {
  const label = labelOf(raw);
  if (label === null) return undefined;
  const parts = parse<Record<string, string>>(raw.parts);
  return { ...label, parts: parts && typeof raw.prompt === 'string' ? { ...parts, body: raw.prompt } : parts };
}

/** The columns of what was asked. */
export function columnsOf({ request, call }: Entry) {
  const { endpoint = null, model = null, scope = null, tags = [], parts = null } = request ?? {};
  const { body = null, ...others } = parts ?? {};
  return {
    endpoint,
    model,
    scope,
    tags: tags.length === 0 ? null : JSON.stringify(tags),
    call: call ? JSON.stringify(call) : null,
    parts: parts && JSON.stringify(others),
    prompt: body,
  };
}

function labelOf({ endpoint, model, scope, tags }: RawRow): Label | null {
  if (typeof endpoint !== 'string' || typeof scope !== 'string') return null;
  return {
    endpoint: endpoint as Endpoint,
    model: typeof model === 'string' ? model : null,
    scope,
    tags: parse<string[]>(tags) ?? [],
  };
}

function parse<T>(text: unknown): T | null {
  if (typeof text !== 'string') return null;
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
}
