/**
 * Entries as JSON. Text of clients stands in strings, and is nothing but data.
 */
import { isUtf8 } from 'node:buffer';
import { decodeArrivals } from '../response/arrival-times.ts';
import type { Call, Entry } from '../response/entry.ts';
import type { Usage } from '../response/usage.ts';
import { questionWords } from '../request/question-words.ts';
import { type AskedRequest, askedRequest, bodyText } from '../request/stored-request.ts';
import { scopeLabel } from '../request/caller.ts';
import { fingerprint, formOf, keyOf, nameOf, type Parts } from '../request/fingerprint.ts';
import type { EntryRow } from '../store/listing.ts';
import { sampleOf } from '../store/sample-key.ts';

/** Times are ISO 8601, sizes bytes, durations seconds. */
export interface EntryRowJson {
  readonly key: string;
  readonly form: string;
  readonly model: string | null;
  readonly endpoint: string | null;
  readonly scope: string | null;
  readonly tags: readonly string[];
  /** The first words of what was asked; null where it is not kept, or has no words. */
  readonly question: string | null;
  readonly bytes: number;
  readonly storedAt: string;
  readonly expiresAt: string | null;
  readonly age: number;
  readonly hits: number;
  readonly tier: string;
  /** The form of the entry that it was made from; null where it is as it was recorded. */
  readonly derivedFrom: string | null;
  readonly call: Call | null;
  /** The cost that its hits spared; each null where that is not known. */
  readonly saved: SavedJson;
}

export interface SavedJson {
  readonly dollars: number | null;
  /** Input and output. */
  readonly tokens: number | null;
  /** Of upstream time. */
  readonly seconds: number | null;
}

/** In dollars; null where the model has no price. */
export type PriceOf = (model: string | null, usage: Usage) => number | null;

export interface EntryJson extends EntryRowJson {
  readonly request: AskedRequest | null;
  /** Its number among the answers to equal requests, from 1 on; null where that is not known. */
  readonly sample: number | null;
  readonly answer: {
    readonly status: number;
    readonly headers: readonly (readonly [name: string, value: string])[];
    readonly body: string;
    readonly encoding: 'utf8' | 'base64';
    /** In ms since the upstream was asked, of each event of a stream that has data; null where that is not known. */
    readonly arrivals: readonly number[] | null;
  };
}

/** @param now milliseconds since the epoch */
export function entryRowJson(
  { key, label, asked = null, bytes, storedAt, expiresAt, hits, tier, call, derivation }: EntryRow,
  now: number,
  priceOf: PriceOf,
): EntryRowJson {
  const { model = null, endpoint = null, scope, tags = [] } = label ?? {};
  return {
    key,
    form: formOf(key),
    model,
    endpoint,
    scope: scope === undefined ? null : scopeLabel(scope),
    tags,
    question: endpoint && asked !== null ? questionWords(endpoint, bodyText(asked)) : null,
    bytes,
    storedAt: isoTime(storedAt) ?? '',
    expiresAt: isoTime(expiresAt),
    age: Math.max(0, Math.floor((now - storedAt) / 1000)),
    hits,
    tier,
    derivedFrom: derivation?.from ?? null,
    call: call ?? null,
    saved: savedBy(hits, call, (usage) => priceOf(model ?? call?.model ?? null, usage)),
  };
}

function savedBy(hits: number, call: Call | undefined, priceOf: (usage: Usage) => number | null): SavedJson {
  const { usage = null, ms } = call ?? {};
  const times = (one: number | null | undefined) => (typeof one === 'number' ? one * hits : null);
  return {
    dollars: times(usage && priceOf(usage)),
    tokens: times(usage && usage.input + usage.output),
    seconds: times(ms && ms / 1_000),
  };
}

export function entryJson(
  row: EntryRow,
  { head, body, request, arrivals }: Entry,
  now: number,
  priceOf: PriceOf,
): EntryJson {
  const pairs = head.headers.flatMap((name, at) => (at % 2 === 0 ? [[name, head.headers[at + 1] ?? ''] as const] : []));
  const encoding = isUtf8(body) ? 'utf8' : 'base64';
  return {
    ...entryRowJson({ ...row, asked: request?.parts?.body ?? null }, now, priceOf),
    request: request?.parts ? askedRequest(request.parts) : null,
    sample: request?.parts ? sampleNumber(row.key, request.parts) : null,
    answer: {
      status: head.status,
      headers: pairs,
      body: body.toString(encoding),
      encoding,
      arrivals: arrivals === undefined ? null : decodeArrivals(arrivals),
    },
  };
}

function sampleNumber(key: string, parts: Parts): number | null {
  const form = formOf(key);
  return sampleOf(keyOf(nameOf(key), form), keyOf(fingerprint(parts), form));
}

/** Null for ever, and for what is no time. */
function isoTime(ms: number): string | null {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : null;
}
