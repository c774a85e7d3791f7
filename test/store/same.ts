/**
 * The comparison of two entries, their bodies as text: that is quick,
 * where comparing buffers byte by byte is not.
 */
import { expect } from 'vitest';
import type { Entry } from '../../src/response/entry.ts';

export function expectSame(actual: Entry | undefined, expected: Entry | undefined, what?: string): void {
  const told = (entry: Entry | undefined) => entry && { ...entry, body: entry.body.toString('latin1') };
  expect(told(actual), what).toEqual(told(expected));
}
