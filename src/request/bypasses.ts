/**
 * Which requests go past the cache for what they ask, as the configuration has
 * it: searches (`default`), fields by JSON Pointer, models by a pattern. Plain
 * values, so that another thread can read them.
 */
import type { Endpoint } from '../endpoint.ts';
import { segmentsOf } from './json-pointer.ts';
import { type Fields, globOf, isOn, isSearch, isSearchName, mayBeAnsweredBy } from './searches.ts';

export interface Bypasses {
  /** True where searches do. */
  readonly searches: boolean;
  /** Each as the names of its segments; `*` stands for any one. */
  readonly pointers: readonly (readonly string[])[];
  readonly models: readonly string[];
}

/** Endpoints whose models answer from their input alone. */
const SELF_CONTAINED: ReadonlySet<Endpoint> = new Set(['embeddings', 'moderations']);

const MODEL_PREFIX = 'model:';

/** @param entries `default`, JSON Pointers, and `model:PATTERN` */
export function createBypasses(entries: readonly string[]): Bypasses {
  const pointers = entries.filter((entry) => entry.startsWith('/'));
  return {
    searches: entries.includes('default'),
    pointers: pointers.map(segmentsOf),
    models: entries.filter((entry) => entry.startsWith(MODEL_PREFIX)).map((entry) => entry.slice(MODEL_PREFIX.length)),
  };
}

export type WhyBypass = 'web-search' | 'configured';

export function whyBypass(bypasses: Bypasses, endpoint: Endpoint, fields: Fields): WhyBypass | null {
  const { searches, pointers, models } = bypasses;
  if (searches && !SELF_CONTAINED.has(endpoint) && isSearch(fields)) return 'web-search';
  if (mayBeAnsweredBy(models.map(globOf), fields)) return 'configured';
  return pointers.some(([first = '', ...rest]) => isSetAt(fields, first, rest)) ? 'configured' : null;
}

/** Tests whether the decision hangs on this name, wherever it stands. */
export function isDecidedBy({ searches, pointers }: Bypasses, name: string): boolean {
  return (searches && isSearchName(name)) || pointers.some((segments) => segments.includes(name));
}

function isSetAt(fields: Fields, first: string, rest: readonly string[]): boolean {
  const names = first === '*' ? [...fields.names] : [first];
  return names.some((name) => valuesAt(fields.get(name), rest).some(isOn));
}

function valuesAt(value: unknown, [name, ...rest]: readonly string[]): readonly unknown[] {
  if (name === undefined) return [value];
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).filter(([own]) => name === '*' || own === name);
  return inner.flatMap(([, each]) => valuesAt(each, rest));
}
