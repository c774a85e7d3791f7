/**
 * The forms that are derived from others: which of them, from which, and in what order they are looked for.
 */
import type { Endpoint } from '../endpoint.ts';

/** `usage`: reported because it was asked for. `plain`: without padding. */
export type DerivedForm = 'json' | 'sse' | 'sse+plain' | 'sse+usage' | 'sse+usage+plain';

/** `from-json`: none but streams from documents, since many servers lose something in their streams. */
export type DerivationMode = 'derive' | 'from-json' | 'exact';

type SourceForms = Readonly<Partial<Record<string, readonly DerivedForm[]>>>;

/**
 * For each form those it may be derived from, the nearest first: a stream is a better source for a stream than a
 * document is, since it has the pace and the pieces of the model.
 */
const OF_CHOICES: SourceForms = {
  'json': ['sse+usage', 'sse+usage+plain', 'sse', 'sse+plain'],
  'sse': ['sse+plain', 'sse+usage', 'sse+usage+plain', 'json'],
  'sse+plain': ['sse', 'sse+usage+plain', 'sse+usage', 'json'],
  'sse+usage': ['sse+usage+plain', 'json'],
  'sse+usage+plain': ['sse+usage', 'json'],
};

/** A stream of these reports its usage always. */
const OF_RESPONSES: SourceForms = {
  'json': ['sse', 'sse+plain'],
  'sse': ['sse+plain', 'json'],
  'sse+plain': ['sse', 'json'],
};

const OF_MESSAGES: SourceForms = { json: ['sse'], sse: ['json'] };

const SOURCES: Readonly<Partial<Record<Endpoint, SourceForms>>> = {
  chat: OF_CHOICES,
  completions: OF_CHOICES,
  messages: OF_MESSAGES,
  responses: OF_RESPONSES,
};

/** The forms to look for where this one is not stored, the best first. @param form as the request names it */
export function sourcesFor(endpoint: Endpoint, form: string, mode: DerivationMode = 'derive'): readonly DerivedForm[] {
  if (mode === 'exact') return [];
  const known = SOURCES[endpoint] ?? {};
  const sources = (Object.hasOwn(known, form) && known[form]) || [];
  return mode === 'derive' ? sources : sources.filter((source) => source === 'json');
}

/** Tests whether an answer in one form surely says all that another needs: a stream of choices may keep its usage. */
export function isRich(endpoint: Endpoint, form: string, from: string): boolean {
  const isOfChoices = endpoint === 'chat' || endpoint === 'completions';
  return !isOfChoices || form !== 'json' || from.includes('+usage');
}

/** How much an answer in this form says; 0 for a form that is not known. Padding says nothing. */
export function richness(form: string): number {
  return RICHNESS.get(form) ?? 0;
}

const RICHNESS: ReadonlyMap<string, number> = new Map([
  ['json', 3],
  ['sse+usage', 2],
  ['sse+usage+plain', 2],
  ['sse', 1],
  ['sse+plain', 1],
]);
