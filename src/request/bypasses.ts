/**
 * Requests that go past the cache for what they ask, as the configuration has
 * it: searches (`default`), fields by JSON Pointer, models by a pattern. Plain
 * values, so that another thread can read them.
 */
import type { BodyFields } from './body-fields.ts';
import { segmentsOf } from './json-pointer.ts';
import { globOf, isOn, isSearch, isSearchName, mayBeAnsweredBy } from './searches.ts';

export interface Bypasses {
  /** True where searches do. */
  readonly searches: boolean;
  /** Each as the names of its segments; `*` stands for any one. */
  readonly pointers: readonly (readonly string[])[];
  readonly models: readonly RegExp[];
}

const MODEL_PREFIX = 'model:';

/** @param entries `default`, JSON Pointers, and `model:PATTERN` */
export function createBypasses(entries: readonly string[]): Bypasses {
  const pointers = entries.filter((entry) => entry.startsWith('/'));
  return {
    searches: entries.includes('default'),
    pointers: pointers.map(segmentsOf),
    models: entries
      .filter((entry) => entry.startsWith(MODEL_PREFIX))
      .map((entry) => globOf(entry.slice(MODEL_PREFIX.length))),
  };
}

export type WhyBypass = 'web-search' | 'configured';

/** @param mayLookUp whether the endpoint's models answer from more than their input */
export function whyBypass(bypasses: Bypasses, mayLookUp: boolean, fields: BodyFields): WhyBypass | null {
  const { searches, pointers, models } = bypasses;
  if (searches && mayLookUp && isSearch(fields)) return 'web-search';
  if (mayBeAnsweredBy(models, fields)) return 'configured';
  return pointers.some(([first = '', ...rest]) => isSetAt(fields, first, rest)) ? 'configured' : null;
}

/** Tests whether the decision hangs on this name, wherever it stands. */
export function isDecidedBy({ searches, pointers }: Bypasses, name: string): boolean {
  return (searches && isSearchName(name)) || pointers.some((segments) => segments.includes(name));
}

function isSetAt(fields: BodyFields, first: string, rest: readonly string[]): boolean {
  const names = first === '*' ? [...fields.names] : [first];
  return names.some((name) => valuesAt(fields.get(name), rest).some(isOn));
}

function valuesAt(value: unknown, [name, ...rest]: readonly string[]): readonly unknown[] {
  if (name === undefined) return [value];
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).filter(([own]) => name === '*' || own === name);
  return inner.flatMap(([, each]) => valuesAt(each, rest));
}
