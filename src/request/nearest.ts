/**
 * The stored request, of several, that is the most like one that missed.
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

/** The first of those that differ least, or nothing. */
export function nearestOf(parts: Parts, form: Form, candidates: readonly Candidate[]): Nearest | null {
  let nearest: Nearest | null = null;
  for (const candidate of candidates) {
    if (!candidate.parts) continue;
    const pointers = differencesOf(parts, candidate.parts).map(({ pointer }) => pointer);
    if (formOf(candidate.key) !== form) pointers.push('/body/stream');
    const [first] = pointers;
    if (first === undefined || (nearest && nearest.differences <= pointers.length)) continue;
    nearest = { name: nameOf(candidate.key), first, differences: pointers.length };
  }
  return nearest;
}
