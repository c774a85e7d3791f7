/**
 * The key of one of several answers to equal requests: the first lies under the plain key, and each other one under a
 * name of its own, so that a store need not know of samples.
 */
import { hash } from 'node:crypto';

/** @param sample from 1 on */
export function sampleKey(key: string, sample: number): string {
  if (sample === 1) return key;
  const dot = key.indexOf('.');
  return hash('sha256', `${key.slice(0, dot)} sample ${sample}`, 'hex') + key.slice(dot);
}
