/**
 * Answers that no server has said: derived or refused, never different. At full count in the long run.
 */
import { expect, test } from 'vitest';
import { deriveGenerated } from './generated.ts';

test('1,000 generated answers are what they were in every form', async () => {
  const { differences, derived, refused } = await deriveGenerated(1_000, 1, 20);
  expect(differences).toEqual([]);
  expect(derived).toBe(2_000);
  expect(refused).toBeGreaterThan(500);
});
