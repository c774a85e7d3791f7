/**
 * The stored requests, of several, that are the most like one that missed.
 */
import { differencesOf } from './difference.ts';
import { type Fingerprint, formOf, nameOf, type Parts } from './fingerprint.ts';
import type { Form } from './form.ts';

export interface Candidate {
  readonly key: string;
  readonly parts: Parts | null;
}

export interface Nearest {
  readonly name: Fingerprint;
  /** The first of the JSON Pointers at which they differ. */
  readonly first: string;
  readonly differences: number;
}

export type Ranked = Omit<Nearest, 'name'> & Pick<Candidate, 'key'>;

/** The first of those that differ least, or nothing. */
export function nearestOf(parts: Parts, form: Form, candidates: readonly Candidate[]): Nearest | null {
  const [nearest] = rank(parts, form, candidates);
  if (!nearest) return null;
  const { key, first, differences } = nearest;
  return { name: nameOf(key), first, differences };
}

/** Those that differ, least first; of equals, as they came. */
export function rank(parts: Parts, form: Form, candidates: readonly Candidate[]): Ranked[] {
  const ranked: Ranked[] = [];
  for (const candidate of candidates) {
    if (!candidate.parts) continue;
    const pointers = differencesOf(parts, candidate.parts).map(({ pointer }) => pointer);
    if (formOf(candidate.key) !== form) pointers.push('/body/stream');
    const [first] = pointers;
    if (first !== undefined) ranked.push({ key: candidate.key, first, differences: pointers.length });
  }
  return ranked.sort((a, b) => a.differences - b.differences);
}
