/**
 * Each rule of the room decides a case: without it, one comes out otherwise. All of them are dropped in the long run.
 */
import { expect, test } from 'vitest';
import { findUntested } from './mutants.ts';

test('no rule of a quarter of them can be dropped unnoticed', async () => {
  const { rules, untested } = await findUntested(4);
  expect(untested).toEqual([]);
  expect(rules).toBeGreaterThan(100);
});
