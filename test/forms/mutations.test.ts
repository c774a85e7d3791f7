/**
 * Each rule of the room decides a case: without it, one comes out otherwise.
 */
import { expect, test } from 'vitest';
import { findUntested } from './mutants.ts';

test('no rule can be dropped unnoticed', async () => {
  const { rules, untested } = await findUntested();
  expect(untested).toEqual([]);
  expect(rules).toBeGreaterThan(500);
});
