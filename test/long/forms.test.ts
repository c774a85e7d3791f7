/**
 * Derived forms at full count, and at their price.
 */
import { expect, test } from 'vitest';
import { derive } from '../../src/forms/derive.ts';
import { deriveGenerated } from '../forms/generated.ts';
import { longStream } from '../forms/long-stream.ts';
import { findUntested } from '../forms/mutants.ts';
import { entryOf } from '../forms/samples.ts';

test('no rule of the room can be dropped unnoticed', async () => {
  const { rules, untested } = await findUntested(1);
  expect(untested).toEqual([]);
  expect(rules).toBeGreaterThan(500);
});

test('100,000 generated answers are what they were in every form', async () => {
  const { differences, derived } = await deriveGenerated(100_000, 1_000_000, 20);
  expect(differences).toEqual([]);
  expect(derived).toBe(200_000);
});

/** The least CPU time of several folds, in ms: others use the machine too. */
function foldTime(events: number): number {
  const entry = entryOf({ form: 'sse+usage', body: longStream(events) });
  const times = Array.from({ length: 12 }, () => {
    const before = process.cpuUsage();
    expect(derive(entry, 'sse+usage', 'json', { endpoint: 'chat', isStreamable: true })).not.toBeNull();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  return Math.min(...times);
}

test('a fold of 10,000 events takes at most 30 ms, and of ten times as many at most fifteen times that', () => {
  foldTime(1_000);
  const [some, many] = [foldTime(10_000), foldTime(100_000)];
  console.log(`10,000 events: ${some.toFixed(1)} ms; 100,000: ${many.toFixed(1)} ms`);
  expect(some).toBeLessThanOrEqual(30);
  expect(many).toBeLessThanOrEqual(15 * some);
});
