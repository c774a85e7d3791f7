/**
 * The key of one of several answers to equal requests: the first lies under the plain key, and each other one under a
 * name of its own, so that a store need not know of samples.
 */
import { hash } from 'node:crypto';

/** How many answers of their own equal requests get at most. */
export const MOST_SAMPLES = 100;

/** @param sample from 1 on */
export function sampleKey(key: string, sample: number): string {
  if (sample === 1) return key;
  const dot = key.indexOf('.');
  return hash('sha256', `${key.slice(0, dot)} sample ${sample}`, 'hex') + key.slice(dot);
}

/** The keys of so many, in their order. */
export function sampleKeys(key: string, count: number): [first: string, ...others: string[]] {
  return [key, ...Array.from({ length: count - 1 }, (_, index) => sampleKey(key, index + 2))];
}

/** The number of the sample that a key is of; null where it is of none of these. @param first the key of the first */
export function sampleOf(key: string, first: string): number | null {
  for (let sample = 1; sample <= MOST_SAMPLES; sample++) if (sampleKey(first, sample) === key) return sample;
  return null;
}
