/**
 * A choice of entries: by what their requests were labelled with, by age,
 * by size, by what was asked. A filter without a member fits every entry.
 */
import type { Endpoint } from '../endpoint.ts';
import type { Entry, Label } from '../response/entry.ts';

export interface Criteria {
  readonly model?: string | undefined;
  readonly endpoint?: Endpoint | undefined;
  /** A whole scope, or `private:` and the first digits of one. */
  readonly scope?: string | undefined;
  readonly tag?: string | undefined;
}

/** The choice of a purge. */
export interface Purge extends Criteria {
  /** Stored then or before, in milliseconds since the epoch. */
  readonly storedUpTo?: number | undefined;
  /** Stored then or later. */
  readonly storedFrom?: number | undefined;
}

/** The choice of a list. */
export interface Filter extends Purge {
  /** Of what an entry takes of the store's bound. */
  readonly minBytes?: number | undefined;
  readonly maxBytes?: number | undefined;
  /** Stands in what was asked, letter by letter. */
  readonly text?: string | undefined;
  /** With a text: those fit too with which no question is kept, so that nobody knows. */
  readonly orUnasked?: boolean | undefined;
}

/** @param label nothing for an entry of which it is not known: it fits where nothing is asked of it */
export function fitsLabel({ model, endpoint, scope, tag }: Criteria, label: Label | undefined): boolean {
  return (
    (model === undefined || label?.model === model) &&
    (endpoint === undefined || label?.endpoint === endpoint) &&
    (scope === undefined || (label !== undefined && fitsScope(scope, label.scope))) &&
    (tag === undefined || label?.tags.includes(tag) === true)
  );
}

export function isPurgedBy(purge: Purge, { storedAt, request }: Pick<Entry, 'storedAt' | 'request'>): boolean {
  const { storedFrom = -Infinity, storedUpTo = Infinity } = purge;
  return storedAt >= storedFrom && storedAt <= storedUpTo && fitsLabel(purge, request);
}

/** All of a filter but its text. */
export function fits(filter: Filter, entry: Pick<Entry, 'storedAt' | 'request'>, bytes: number): boolean {
  const { minBytes = 0, maxBytes = Infinity } = filter;
  return bytes >= minBytes && bytes <= maxBytes && isPurgedBy(filter, entry);
}

/** Tests a question by the text of a filter. @param body as it is kept; null where it is not */
export function fitsText({ text, orUnasked = false }: Filter, body: string | null): boolean {
  if (text === undefined) return true;
  return body === null ? orUnasked : hasText(body, text);
}

/** The first digits of a private scope name it; a shared one has a name that may begin with another's. */
export function isScopePrefix(scope: string): boolean {
  return scope.startsWith('private:');
}

function fitsScope(wanted: string, scope: string): boolean {
  return isScopePrefix(wanted) ? scope.startsWith(wanted) : scope === wanted;
}

/**
 * @param body what was asked, as it is kept: `json:` and canonical text, or `raw:` and bytes as Latin-1
 * @param text as people read it
 */
export function hasText(body: string, text: string): boolean {
  const start = body.indexOf(':') + 1;
  // Canonical text spells strings as `JSON.stringify` does; so, most likely, did whoever sent the raw bytes.
  const spelled = JSON.stringify(text).slice(1, -1);
  return body.includes(body.startsWith('raw:') ? Buffer.from(spelled).toString('latin1') : spelled, start);
}
