/**
 * The first document of a cassette: how the rest is to be read. Plain, so that it crosses threads.
 */
import type { Dialect } from '../dialect.ts';

export const FORMAT = 'refrain-cassette';
export const VERSION = 1;

export interface CassetteHeader {
  /** The dialect in which each upstream was asked, by its name; `default` is the standard one's. */
  readonly upstreams: Readonly<Record<string, Dialect>>;
  /** The rules by which requests are redacted before they are named, and answers before they are recorded. */
  readonly redact: readonly RedactionRule[];
}

/** A part that is redacted: a JSON Pointer with `*` for any name, or `header:NAME`; or a regular expression of RE2. */
export type RedactionRule = { readonly pointer: string } | { readonly pattern: string };

export const EMPTY_HEADER: CassetteHeader = { upstreams: {}, redact: [] };

/** The rules that settings give. */
export function redactionRules(pointers: readonly string[], patterns: readonly string[]): readonly RedactionRule[] {
  return [...pointers.map((pointer) => ({ pointer })), ...patterns.map((pattern) => ({ pattern }))];
}

/** The name of an upstream in the header. */
export function headerName(upstream: string | null): string {
  return upstream ?? 'default';
}

/** Both; of an upstream that both know, the dialect is that of the first. */
export function joinHeaders(first: CassetteHeader, second: CassetteHeader): CassetteHeader {
  const known = new Set(first.redact.map(textOf));
  return {
    upstreams: { ...second.upstreams, ...first.upstreams },
    redact: [...first.redact, ...second.redact.filter((rule) => !known.has(textOf(rule)))],
  };
}

export function isSameHeader(one: CassetteHeader, other: CassetteHeader): boolean {
  const text = ({ upstreams, redact }: CassetteHeader) =>
    JSON.stringify([Object.entries(upstreams).toSorted(byName), redact.map(textOf)]);
  return text(one) === text(other);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function textOf(rule: RedactionRule): string {
  return JSON.stringify(rule);
}
